module github.com/wiresign/wiresign/conformance/frameworks/clients/transport

go 1.24.0

require github.com/wiresign/wiresign/bindings-c/go v0.0.0

replace github.com/wiresign/wiresign/bindings-c/go => ../../../../bindings-c/go
