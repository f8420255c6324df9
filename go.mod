module github.com/portico-dev/portico

go 1.26.0
