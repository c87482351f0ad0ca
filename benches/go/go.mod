module orion-bench/go

go 1.22
