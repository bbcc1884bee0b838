module github.com/wiresign/wiresign/conformance/peers/go

go 1.24
