module github.com/wiresign/wiresign/examples/fleet/services/stock-service

go 1.25.0

require github.com/wiresign/wiresign/bindings-c/go v0.1.0

replace github.com/wiresign/wiresign/bindings-c/go => ../../../../bindings-c/go
