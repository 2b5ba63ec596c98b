//! Reads the text of a `workers.toml` by the table of keys, and remembers on which line everything stood. What makes
//! no sense together is `check.rs`'s.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Draft, Form, Key};
use super::problem::Problem;
use super::{Config, OwnServer, Program, check, defaults, order, value};
use crate::limits::{PROGRAM_NAME_CHARS_MAX, PROGRAMS_MAX};

const SECTIONS: &[&str] = &["server", "defaults", "program"];

/// A table as the parser gives it.
type Table<'a, 'i> = &'a DeTable<'i>;

/// The whole file; a server in this process takes the place of those that it may name.
pub(super) fn config(text: &str, own: Option<&OwnServer>) -> Result<Config, Vec<Problem>> {
    let line_feeds = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut reader = Reader { line_feeds, own, problems: Vec::new() };
    let table = DeTable::parse(text).map_err(|error| {
        let line = reader.line_of(error.span().map_or(0, |span| span.start));
        vec![Problem { line, key: String::new(), text: format!("this is not TOML: {}", error.message()) }]
    })?;
    let config = reader.file(table.get_ref());
    if reader.problems.is_empty() {
        return Ok(config);
    }
    reader.problems.sort();
    Err(reader.problems)
}

/// On which line each key of a program stood, by the key's name; keys of `[defaults]` are not among them.
pub(super) type Lines = BTreeMap<&'static str, usize>;

struct Reader<'o> {
    /// Where lines end, in bytes.
    line_feeds: Vec<usize>,
    own: Option<&'o OwnServer>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn file(&mut self, file: Table<'_, '_>) -> Config {
        for (name, value) in file {
            let known = SECTIONS.contains(&name.get_ref().as_ref());
            if !known {
                let hint = value::hint(name.get_ref(), SECTIONS.iter().copied());
                self.problem(name.span().start, name.get_ref(), format!("there is no such table{hint}"));
            } else if value.get_ref().as_table().is_none() {
                self.problem(value.span().start, name.get_ref(), "it should be a table".to_owned());
            }
        }
        let section = |name: &str| file.get(name).and_then(|value| value.get_ref().as_table());
        let mut server = defaults::server();
        if let Some(table) = section("server") {
            let lines = self.keys(table, "server", &|| keys::server_keys(), &mut server);
            let contradiction = |key: &&'static str| Some((*key, self.own?.contradicts(key, &server)?));
            let contradictions = lines.keys().filter_map(contradiction).collect();
            self.found("server", 1, contradictions, &lines);
        }
        if let Some(own) = self.own {
            own.replace(&mut server);
        }
        // The defaults are read for themselves, too, so that what is wrong in them is told once and there.
        if let Some(table) = section("defaults") {
            let mut draft = defaults::draft(String::new());
            let lines = self.keys(table, "defaults", &default_keys, &mut draft);
            self.found("defaults", 1, check::ranges(&draft, &lines), &lines);
        }
        let defaults = section("defaults").filter(|_| self.problems.is_empty());
        let programs = self.programs(section("program"), defaults);
        Config { server, programs }
    }

    fn programs(&mut self, section: Option<Table<'_, '_>>, defaults: Option<Table<'_, '_>>) -> Vec<Program> {
        let mut programs = Vec::new();
        let mut lines = BTreeMap::new();
        for (name, value) in section.into_iter().flatten() {
            let path = format!("program.{}", name.get_ref());
            let at = name.span().start;
            lines.insert(name.get_ref().to_string(), self.line_of(at));
            let Some(table) = value.get_ref().as_table() else {
                let text = format!("it should be a table: write [{path}] and its keys below");
                self.problem(value.span().start, &path, text);
                continue;
            };
            if let Err(text) = program_name(name.get_ref()) {
                self.problem(at, &path, text);
            }
            programs.extend(self.program(name.get_ref(), &path, at, table, defaults));
        }
        if programs.is_empty() && self.problems.is_empty() {
            let text = "there is no program: write a table [program.NAME] with a command".to_owned();
            self.problem(0, "", text);
        }
        if programs.len() > PROGRAMS_MAX {
            self.problem(0, "program", format!("there are more than {PROGRAMS_MAX} programs"));
        }
        let mut problems = check::logs(&programs);
        let (programs, circles) = order::by_start(programs);
        problems.extend(circles);
        for (program, key, text) in problems {
            let line = lines.get(&program).copied().unwrap_or(1);
            self.problems.push(Problem { line, key: format!("program.{program}.{key}"), text });
        }
        programs
    }

    fn program(
        &mut self,
        name: &str,
        path: &str,
        at: usize,
        table: Table<'_, '_>,
        defaults: Option<Table<'_, '_>>,
    ) -> Option<Program> {
        let mut draft = defaults::draft(name.to_owned());
        if let Some(defaults) = defaults {
            self.keys(defaults, "defaults", &default_keys, &mut draft);
        }
        let before = self.problems.len();
        let lines = self.keys(table, path, &|| keys::program_keys(), &mut draft);
        if !lines.contains_key("command") && !table.contains_key("command") {
            let text = "the key command is missing: say what to run".to_owned();
            self.problem(at, path, text);
        }
        if self.problems.len() > before {
            return None;
        }
        let (program, mut problems) = check::program(draft, &lines);
        problems.extend(self.own.into_iter().flat_map(|own| own.lacks(&program)));
        self.found(path, self.line_of(at), problems, &lines);
        Some(program)
    }

    /// Notes what is wrong with keys of a table: at their lines, or else at the table's.
    fn found(&mut self, path: &str, line: usize, problems: Vec<check::Found>, lines: &Lines) {
        self.problems.extend(problems.into_iter().map(|(key, text)| Problem {
            line: lines.get(key).copied().unwrap_or(line),
            key: format!("{path}.{key}"),
            text,
        }));
    }

    /// Reads all keys of a table into `target`; returns where each stood.
    fn keys<T: 'static, I: Iterator<Item = &'static Key<T>>>(
        &mut self,
        table: Table<'_, '_>,
        path: &str,
        known: &dyn Fn() -> I,
        target: &mut T,
    ) -> Lines {
        let mut lines = Lines::new();
        for (place, name, value) in flat(table, &|group| known().any(|key| in_group(key.name, group))) {
            let at = value.span().start;
            let whole = format!("{path}.{name}");
            match known().find(|key| key.name == name) {
                Some(key) => {
                    lines.insert(key.name, self.line_of(at));
                    if let Err(text) = read(&key.form, value.get_ref(), target) {
                        self.problem(at, &whole, text);
                    }
                }
                None => self.problem(place, &whole, unknown(&name, path, known)),
            }
        }
        lines
    }

    fn problem(&mut self, at: usize, key: &str, text: String) {
        self.problems.push(Problem { line: self.line_of(at), key: key.to_owned(), text });
    }

    /// The line of a byte, counted from 1.
    fn line_of(&self, at: usize) -> usize {
        1 + self.line_feeds.partition_point(|line_feed| *line_feed < at)
    }
}

/// A table's keys, those of the known tables in it with a dot; each with the place of its name.
fn flat<'a, 'i>(
    table: Table<'a, 'i>,
    is_group: &dyn Fn(&str) -> bool,
) -> Vec<(usize, String, &'a Spanned<DeValue<'i>>)> {
    let mut keys = Vec::new();
    for (name, value) in table {
        match value.get_ref().as_table() {
            Some(group) if is_group(name.get_ref()) => keys.extend(group.iter().map(|(key, value)| {
                (key.span().start, format!("{}.{}", name.get_ref(), key.get_ref()), value)
            })),
            _ => keys.push((name.span().start, name.get_ref().to_string(), value)),
        }
    }
    keys
}

fn in_group(key: &str, group: &str) -> bool {
    key.split_once('.').is_some_and(|(first, _)| first == group)
}

/// Why there is no such key, and what may be meant.
fn unknown<T: 'static, I: Iterator<Item = &'static Key<T>>>(
    name: &str,
    path: &str,
    known: &dyn Fn() -> I,
) -> String {
    let members: Vec<&str> =
        known().filter(|key| in_group(key.name, name)).map(|key| &key.name[name.len() + 1..]).collect();
    if !members.is_empty() {
        return format!(
            "it is a table: write {name} = {{ {} = … }}, with any of {}",
            members[0],
            members.join(", ")
        );
    }
    if path == "defaults" && keys::program_keys().any(|key| key.name == name) {
        return "every program has to say this itself: move it to the programs".to_owned();
    }
    format!("there is no such key{}", value::hint(name, known().map(|key| key.name)))
}

fn default_keys() -> impl Iterator<Item = &'static Key<Draft>> {
    keys::program_keys().filter(|key| keys::may_be_default(key.name))
}

/// Reads one value by its form.
fn read<T: 'static>(form: &Form<T>, found: &DeValue<'_>, target: &mut T) -> Result<(), String> {
    let wrong = |wanted: &str| format!("{} should be {wanted}", spell(found));
    let text = || found.as_str().ok_or_else(|| wrong("a string"));
    match form {
        Form::Text(set) => set(target, text()?),
        Form::Texts(set) => match found.as_array() {
            None => set(
                target,
                vec![found.as_str().ok_or_else(|| wrong("a string or an array of strings"))?.into()],
            ),
            Some(array) => {
                let texts = array.iter().map(|one| {
                    let error = || format!("{} should be a string", spell(one.get_ref()));
                    one.get_ref().as_str().map(str::to_owned).ok_or_else(error)
                });
                set(target, texts.collect::<Result<_, _>>()?)
            }
        },
        Form::Map(set) => {
            let table = found.as_table().ok_or_else(|| wrong("a table of strings"))?;
            let (mut pairs, mut wrong) = (BTreeMap::new(), Vec::new());
            for (name, value) in table {
                match value.get_ref().as_str() {
                    Some(text) => drop(pairs.insert(name.get_ref().to_string(), text.to_owned())),
                    None => wrong.push(format!("{} = {}", name.get_ref(), spell(value.get_ref()))),
                }
            }
            match &wrong[..] {
                [] => set(target, pairs),
                [one] => Err(format!("{one} should be a string")),
                all => Err(format!("{} should be strings", all.join(", "))),
            }
        }
        Form::Flag(set) => {
            set(target, found.as_bool().ok_or_else(|| wrong("true or false"))?);
            Ok(())
        }
        Form::Words(words, set) => {
            let word = text()?;
            let index = words.iter().position(|known| *known == word).ok_or_else(|| {
                format!(
                    "{word:?} is not one of {}{}",
                    words.join(", "),
                    value::hint(word, words.iter().copied())
                )
            })?;
            set(target, index);
            Ok(())
        }
        Form::Count(min, max, set) => {
            let number = integer(found).filter(|number| (min..=max).contains(&number));
            set(target, number.ok_or_else(|| wrong(&format!("a whole number from {min} to {max}")))?);
            Ok(())
        }
        Form::Size(min, max, set) => {
            let text = integer(found).map(|number| number.to_string());
            let text = text.as_deref().or(found.as_str()).ok_or_else(|| wrong("a size as in \"10M\""))?;
            set(target, value::size(text, *min, *max)?);
            Ok(())
        }
        Form::Time(min, max, set) => {
            let text = found
                .as_str()
                .ok_or_else(|| wrong("a time with its unit, as in \"250ms\", \"10s\", \"5m\""))?;
            set(target, value::duration(text, *min, *max)?);
            Ok(())
        }
    }
}

fn integer(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A value as it may stand in a message.
fn spell(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn program_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let long = name.len() > PROGRAM_NAME_CHARS_MAX;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if name.rsplit_once('.').is_some_and(|(_, last)| is_number(last)) {
        return Err(format!(
            "{name:?} is what a process of a program is called: let the name of a program not end in a dot and a number"
        ));
    }
    if name.is_empty() || long || name.starts_with(['-', '.']) || !name.chars().all(fits) {
        return Err(format!(
            "{name:?} is not a name for a program: up to {PROGRAM_NAME_CHARS_MAX} letters, digits, -, _ and ., with a \
             letter or a digit first"
        ));
    }
    Ok(())
}
