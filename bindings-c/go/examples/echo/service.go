// Package echo is a service on echo, which wraps middleware of net/http by itself.
package echo

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// Service gives the handlers of the service.
func Service(verifier *wiresign.Verifier) http.Handler {
	router := echo.New()
	router.Use(echo.WrapMiddleware(wiresign.Middleware(verifier)))
	router.GET("/health", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	router.POST("/invoices", create)
	admin := echo.WrapMiddleware(wiresign.RequireService("admin"))
	router.DELETE("/invoices", func(c echo.Context) error { return c.NoContent(http.StatusOK) }, admin)
	return router
}

func create(c echo.Context) error {
	var invoice struct{ Number int }
	if err := c.Bind(&invoice); err != nil {
		return err
	}
	caller, _ := wiresign.CallerFrom(c.Request().Context())
	return c.String(http.StatusOK, fmt.Sprintf("%s made invoice %d", caller.Service(), invoice.Number))
}
