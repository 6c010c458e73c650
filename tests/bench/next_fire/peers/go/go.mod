module duetime/tests/bench/next_fire

go 1.19

require (
	github.com/hashicorp/cronexpr v1.1.3
	github.com/robfig/cron/v3 v3.0.1
)
