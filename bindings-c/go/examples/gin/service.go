// Package gin is a service on gin, whose middleware gets a context of its own.
package gin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// Service gives the handlers of the service.
func Service(verifier *wiresign.Verifier) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(wrapped(wiresign.Middleware(verifier)))
	router.GET("/health", func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	router.POST("/invoices", create)
	router.DELETE("/invoices", wrapped(wiresign.RequireService("admin")), func(*gin.Context) {})
	return router
}

// wrapped makes middleware of gin from middleware of net/http: what that one passes on, gin goes on with.
func wrapped(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func create(c *gin.Context) {
	var invoice struct{ Number int }
	if err := c.ShouldBindJSON(&invoice); err != nil {
		c.String(http.StatusBadRequest, err.Error())
		return
	}
	caller, _ := wiresign.CallerFrom(c.Request.Context())
	c.String(http.StatusOK, "%s made invoice %d", caller.Service(), invoice.Number)
}
