package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

func main() {
	config, err := wiresign.ConfigFromFile("wiresign.json")
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := wiresign.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	routes := gin.New()
	routes.Use(wrapped(wiresign.Middleware(verifier)))
	routes.GET("/health", func(c *gin.Context) { c.String(http.StatusOK, "up") })
	routes.GET("/orders/:number", order)
	routes.POST("/invoices", wrapped(wiresign.RequireService("billing")), invoice)
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", routes))
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

func order(c *gin.Context) {
	caller, _ := wiresign.CallerFrom(c.Request.Context())
	c.String(http.StatusOK, "order %s, asked by %s", c.Param("number"), caller.Service())
}

func invoice(c *gin.Context) {
	var invoice struct{ Number int }
	if err := c.ShouldBindJSON(&invoice); err != nil {
		c.String(http.StatusBadRequest, err.Error())
		return
	}
	caller, _ := wiresign.CallerFrom(c.Request.Context())
	c.String(http.StatusOK, "%s made invoice %d", caller.Service(), invoice.Number)
}
