//! Rust's side of tests/bench/next_fire/run, which describes what a driver reads and writes.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{json, Value};

/// The first fire after a time, in seconds since 1970.
type Next<Z> = Box<dyn Fn(&DateTime<Z>) -> Option<DateTime<Z>>>;

/// One expression in one zone, asked from each start; a zone's type is part of its crate's code.
trait Ask {
    fn answers(&self) -> Vec<Option<i64>>;
    fn pass(&self);
}

struct Question<Z: TimeZone> {
    next: Next<Z>,
    starts: Vec<DateTime<Z>>,
}

impl<Z: TimeZone> Ask for Question<Z> {
    fn answers(&self) -> Vec<Option<i64>> {
        self.starts.iter().map(|start| (self.next)(start).map(|fire| fire.timestamp())).collect()
    }

    fn pass(&self) {
        for start in &self.starts {
            black_box((self.next)(black_box(start)));
        }
    }
}

struct Cell {
    peer: &'static str,
    expression: String,
    zone: String,
    ask: Box<dyn Ask>,
}

fn in_zone<Z: TimeZone + 'static>(zone: &Z, starts: &[i64], next: Next<Z>) -> Box<dyn Ask> {
    let starts = starts.iter().map(|s| zone.timestamp_opt(*s, 0).unwrap()).collect();
    Box::new(Question { next, starts })
}

fn ask_cron<Z: TimeZone + 'static>(zone: &Z, text: &str, starts: &[i64]) -> Result<Box<dyn Ask>, String> {
    let schedule = cron::Schedule::from_str(text).map_err(|e| e.to_string())?;
    Ok(in_zone(zone, starts, Box::new(move |start| schedule.after(start).next())))
}

fn ask_croner<Z: TimeZone + 'static>(zone: &Z, text: &str, both: bool, starts: &[i64]) -> Result<Box<dyn Ask>, String>
where
    DateTime<Z>: croner::CronDateTime,
{
    let parser = croner::parser::CronParser::builder().dom_and_dow(both).build();
    let cron = parser.parse(text).map_err(|e| e.to_string())?;
    Ok(in_zone(zone, starts, Box::new(move |start| cron.find_next_occurrence(start, false).ok())))
}

fn ask_saffron(text: &str, starts: &[i64]) -> Result<Box<dyn Ask>, String> {
    let cron: saffron::Cron = text.parse().map_err(|e| format!("{e:?}"))?;
    Ok(in_zone(&Utc, starts, Box::new(move |start| cron.next_after(*start))))
}

struct Peer {
    name: &'static str,
    dialects: &'static [&'static str],
}

const PEERS: [Peer; 3] = [
    Peer { name: "cron (Rust)", dialects: &["seconds"] },
    Peer { name: "croner (Rust)", dialects: &["crontab_and", "crontab"] },
    Peer { name: "saffron (Rust)", dialects: &["crontab"] },
];

fn ask(peer: &Peer, spellings: &Value, zone: &str, starts: &[i64]) -> Result<Box<dyn Ask>, String> {
    let text = peer.dialects.iter().find_map(|d| spellings[d].as_str()).ok_or("cannot be expressed")?;
    let both = spellings["crontab_and"].is_string();
    let tz: Tz = zone.parse().map_err(|_| "no such zone")?;
    match (peer.name, zone) {
        ("cron (Rust)", "UTC") => ask_cron(&Utc, text, starts),
        ("cron (Rust)", _) => ask_cron(&tz, text, starts),
        ("croner (Rust)", "UTC") => ask_croner(&Utc, text, both, starts),
        ("croner (Rust)", _) => ask_croner(&tz, text, both, starts),
        (_, "UTC") => ask_saffron(text, starts),
        _ => Err("knows UTC only".into()),
    }
}

fn make_cells(work: &Value) -> Vec<Cell> {
    let starts: Vec<i64> = work["starts"].as_array().unwrap().iter().map(|s| s.as_i64().unwrap()).collect();
    let mut cells = Vec::new();
    for expression in work["expressions"].as_array().unwrap() {
        let name = expression["name"].as_str().unwrap();
        for zone in work["zones"].as_array().unwrap().iter().map(|z| z.as_str().unwrap()) {
            for peer in &PEERS {
                match ask(peer, &expression["spellings"], zone, &starts) {
                    Ok(ask) => {
                        cells.push(Cell { peer: peer.name, expression: name.into(), zone: zone.into(), ask })
                    }
                    Err(why) => {
                        println!("{}", json!({"peer": peer.name, "expression": name, "zone": zone, "absent": why}))
                    }
                }
            }
        }
    }
    cells
}

fn print_answers(cell: &Cell) {
    let answers = cell.ask.answers();
    println!(
        "{}",
        json!({"peer": cell.peer, "expression": cell.expression, "zone": cell.zone, "answers": answers})
    );
}

fn print_time(cell: &Cell, starts: usize) {
    let mut passes = 0;
    let began = Instant::now();
    while passes == 0 || began.elapsed() < Duration::from_millis(1) {
        cell.ask.pass();
        passes += 1;
    }
    let ns = began.elapsed().as_nanos() as f64 / (passes * starts) as f64;
    println!("{}", json!({"peer": cell.peer, "expression": cell.expression, "zone": cell.zone, "ns": ns}));
}

fn done() {
    println!("{}", json!({"done": true}));
    std::io::stdout().flush().unwrap();
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: next-fire-peers WORK.json");
    let work: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cells = make_cells(&work);
    cells.iter().for_each(print_answers);
    done();
    for _ in std::io::stdin().lock().lines() {
        cells.iter().for_each(|cell| print_time(cell, work["starts"].as_array().unwrap().len()));
        done();
    }
}
