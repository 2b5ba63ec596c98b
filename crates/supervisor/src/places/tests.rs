//! Cases in words: what people have asked for, what is there, and the steps.

use std::collections::BTreeMap;

use super::{Places, Presence, Step};
use crate::fleet::Target;

/// The number by the file, then wishes (`-` stops, `+` starts; `p` is the program, a number a place, `*` another number
/// by the file) | what is there (`t`aking, `s`uperseded, `l`eaving) | the steps.
const CASES: &str = "\
2             |             | +0 +1
2             | 0t          | +1
2             | 0t 1t       |
0             | 0t 1l       | -0
1             | 0t 1t       | -1
1 *3          | 0t          | +1 +2
2             | 0s 1s       | -0 -1
2             | 0l 1l       |
2             | 0l          | +1
2 -p          | 0t 1l       | -0
2 -p          | 0l          |
2 -p *3       | 0t          | -0
2 -p +p       | 0l          | +1
2 -p +p       |             | +0 +1
2 -1          | 0t 1t       | -1
2 -1 *3       | 0t          | +2
2 -1 *1 *2    | 0t          | +1
2 -1 +1       | 0t          | +1
2 -1 +p       | 0t          | +1
2 -1 -p +p    |             | +0 +1
3 -p +1       |             | +1
3 -p +1 +2    |             | +1 +2
";

#[test]
fn the_steps_are_what_is_missing() {
    for line in CASES.lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let places = wished(columns[0]);
        let found: Vec<String> = places.steps(&present(columns[1])).into_iter().map(spell).collect();
        assert_eq!(found.join(" "), columns[2], "{line}");
    }
}

fn wished(text: &str) -> Places {
    let mut places = Places::default();
    for word in text.split(' ') {
        let target = |word: &str| {
            Target::parse(&format!("p.{word}").replace("p.p", "p"), |name| name == "p").expect("a target")
        };
        match word.split_at(1) {
            ("*", count) => places.set_count(count.parse().expect("a number")),
            ("-", what) => places.stop(&target(what)),
            ("+", what) => places.start(&target(what)),
            _ => places.set_count(word.parse().expect("a number")),
        }
    }
    places
}

fn present(text: &str) -> BTreeMap<u32, Presence> {
    let one = |word: &str| {
        let (place, letter) = word.split_at(word.len() - 1);
        let presence = match letter {
            "t" => Presence::Taking,
            "s" => Presence::Superseded,
            _ => Presence::Leaving,
        };
        (place.parse().expect("a number"), presence)
    };
    text.split_whitespace().map(one).collect()
}

fn spell(step: Step) -> String {
    match step {
        Step::Join(place) => format!("+{place}"),
        Step::Retire(place) => format!("-{place}"),
    }
}
