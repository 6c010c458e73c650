// Go's side of tests/bench/next_fire/run, which describes what a driver reads and writes.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/hashicorp/cronexpr"
	"github.com/robfig/cron/v3"
)

type work struct {
	Zones       []string
	Starts      []int64
	Expressions []struct {
		Name      string
		Spellings map[string]any
	}
}

type schedule interface {
	Next(time.Time) time.Time
}

type peer struct {
	name     string
	dialects []string
	parse    func(string) (schedule, error)
}

var peers = []peer{
	{"robfig/cron (Go)", []string{"crontab"}, func(text string) (schedule, error) {
		return cron.ParseStandard(text)
	}},
	{"cronexpr (Go)", []string{"cronexpr", "crontab"}, func(text string) (schedule, error) {
		return cronexpr.Parse(text)
	}},
}

type line struct {
	Peer       string   `json:"peer"`
	Expression string   `json:"expression"`
	Zone       string   `json:"zone"`
	Answers    []*int64 `json:"answers,omitempty"`
	Absent     string   `json:"absent,omitempty"`
	Ns         float64  `json:"ns,omitempty"`
}

type cell struct {
	line
	schedule schedule
	starts   []time.Time
}

func (p peer) schedule(spellings map[string]any) (schedule, error) {
	for _, dialect := range p.dialects {
		if text, ok := spellings[dialect].(string); ok {
			return p.parse(text)
		}
	}
	return nil, errors.New("cannot be expressed")
}

func (c *cell) answers() []*int64 {
	var answers []*int64
	for _, start := range c.starts {
		var answer *int64
		if fire := c.schedule.Next(start); !fire.IsZero() {
			seconds := fire.Unix()
			answer = &seconds
		}
		answers = append(answers, answer)
	}
	return answers
}

var sink time.Time

func (c *cell) nanoseconds() float64 {
	passes := 0
	began := time.Now()
	for passes == 0 || time.Since(began) < time.Millisecond {
		for _, start := range c.starts {
			sink = c.schedule.Next(start)
		}
		passes++
	}
	return float64(time.Since(began).Nanoseconds()) / float64(passes*len(c.starts))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func startsIn(zone string, seconds []int64) []time.Time {
	location, err := time.LoadLocation(zone)
	must(err)
	var starts []time.Time
	for _, second := range seconds {
		starts = append(starts, time.Unix(second, 0).In(location))
	}
	return starts
}

func makeCells(w work, out *json.Encoder) []*cell {
	var cells []*cell
	for _, expression := range w.Expressions {
		for _, zone := range w.Zones {
			for _, p := range peers {
				c := &cell{line: line{Peer: p.name, Expression: expression.Name, Zone: zone}}
				schedule, err := p.schedule(expression.Spellings)
				if err != nil {
					c.Absent = err.Error()
					must(out.Encode(c.line))
					continue
				}
				c.schedule, c.starts = schedule, startsIn(zone, w.Starts)
				cells = append(cells, c)
			}
		}
	}
	return cells
}

func main() {
	bytes, err := os.ReadFile(os.Args[1])
	must(err)
	var w work
	must(json.Unmarshal(bytes, &w))
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	done := func() {
		must(out.Encode(map[string]bool{"done": true}))
		must(buffered.Flush())
	}
	cells := makeCells(w, out)
	for _, c := range cells {
		answered := c.line
		answered.Answers = c.answers()
		must(out.Encode(answered))
	}
	done()
	for rounds := bufio.NewScanner(os.Stdin); rounds.Scan(); {
		for _, c := range cells {
			timed := c.line
			timed.Ns = c.nanoseconds()
			must(out.Encode(timed))
		}
		done()
	}
}
