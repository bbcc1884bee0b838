module github.com/wiresign/wiresign/bindings-c/go

go 1.24.0
