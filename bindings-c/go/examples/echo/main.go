package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/labstack/echo/v4"

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
	routes := echo.New()
	routes.Use(echo.WrapMiddleware(wiresign.Middleware(verifier)))
	routes.GET("/health", func(c echo.Context) error { return c.String(http.StatusOK, "up") })
	routes.GET("/orders/:number", order)
	routes.POST("/invoices", invoice, echo.WrapMiddleware(wiresign.RequireService("billing")))
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", routes))
}

func order(c echo.Context) error {
	caller, _ := wiresign.CallerFrom(c.Request().Context())
	return c.String(http.StatusOK, fmt.Sprintf("order %s, asked by %s", c.Param("number"), caller.Service()))
}

func invoice(c echo.Context) error {
	var invoice struct{ Number int }
	if err := c.Bind(&invoice); err != nil {
		return err
	}
	caller, _ := wiresign.CallerFrom(c.Request().Context())
	return c.String(http.StatusOK, fmt.Sprintf("%s made invoice %d", caller.Service(), invoice.Number))
}
