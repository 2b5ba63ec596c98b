//! What the user gave, still as text and with its origin: merged first, then read into [`ServeSettings`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{SETTINGS, ServeSettings, Setting, value};

/// Settings as given, by name. Every name is one of the table's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Raw {
    given: BTreeMap<&'static str, Given>,
}

#[derive(Clone, Debug)]
struct Given {
    values: Vec<String>,
    origin: Origin,
}

/// Where a setting was given, so that a message can point at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line.
    Flag,
    /// In the environment.
    Variable,
    /// In this file.
    File(PathBuf),
    /// In a file of another form; the words say which, and what it is called there.
    Place(String),
}

/// Why the settings cannot be used: every problem that was found, not only the first.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", problems.join("\n       "))]
pub(crate) struct SettingsError {
    /// One sentence each, naming the setting as the user wrote it.
    pub(crate) problems: Vec<String>,
}

impl From<String> for SettingsError {
    fn from(problem: String) -> Self {
        SettingsError { problems: vec![problem] }
    }
}

impl Raw {
    /// Takes note of one setting. An empty environment variable counts as not given, as is usual.
    pub(crate) fn give(&mut self, setting: &Setting, values: Vec<String>, origin: Origin) {
        if origin != Origin::Variable || values.iter().any(|value| !value.is_empty()) {
            self.given.insert(setting.name, Given { values, origin });
        }
    }

    /// Reads `trellis.toml`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has a key that is not a setting.
    pub(crate) fn from_file(path: &Path) -> Result<Raw, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the settings file {} cannot be read: {error}", path.display()))?;
        Raw::from_toml(&text, path)
    }

    pub(super) fn from_toml(text: &str, path: &Path) -> Result<Raw, SettingsError> {
        let table: toml::Table =
            text.parse().map_err(|error| format!("{} is not valid TOML: {error}", path.display()))?;
        let mut raw = Raw::default();
        let mut problems = Vec::new();
        for (key, value) in &table {
            let outcome = match SETTINGS.iter().find(|setting| setting.name == key) {
                Some(setting) => texts(value, setting.repeatable).map(|values| {
                    raw.give(setting, values, Origin::File(path.to_owned()));
                }),
                None => Err(unknown(key)),
            };
            if let Err(problem) = outcome {
                problems.push(format!("{}: {key}: {problem}", path.display()));
            }
        }
        if problems.is_empty() { Ok(raw) } else { Err(SettingsError { problems }) }
    }

    /// These settings, and those of `base` that are not among them.
    pub(crate) fn over(mut self, base: Raw) -> Raw {
        for (name, given) in base.given {
            self.given.entry(name).or_insert(given);
        }
        self
    }

    /// Where a setting was given, if it was.
    pub(crate) fn origin(&self, name: &str) -> Option<&Origin> {
        self.given.get(name).map(|given| &given.origin)
    }

    /// Complete settings: the defaults with what was given on top.
    ///
    /// # Errors
    ///
    /// If a value cannot be read or is out of range, or two settings contradict each other.
    pub(crate) fn resolve(&self) -> Result<ServeSettings, SettingsError> {
        let mut settings = ServeSettings::default();
        let mut problems = Vec::new();
        for setting in SETTINGS {
            let Some(given) = self.given.get(setting.name) else { continue };
            if let Err(problem) = (setting.apply)(&mut settings, &given.values) {
                problems.push(format!("{}: {problem}", given.origin.spell(setting)));
            }
        }
        if problems.is_empty() {
            problems.extend(too_small_memory(&settings));
            problems.extend(no_session_timeout(&settings));
        }
        if problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems }) }
    }
}

impl Origin {
    /// The setting as the user wrote it there.
    fn spell(&self, setting: &Setting) -> String {
        match self {
            Origin::Flag => format!("--{}", setting.name),
            Origin::Variable => setting.variable.to_owned(),
            Origin::File(path) => format!("{}: {}", path.display(), setting.name),
            Origin::Place(place) => place.clone(),
        }
    }
}

/// What is wrong with settings that are right one by one.
fn too_small_memory(settings: &ServeSettings) -> Option<String> {
    let memory = settings.max_memory_bytes?;
    (memory < u64::from(settings.max_job_size_bytes)).then(|| {
        format!(
            "max-memory ({memory} bytes) is smaller than max-job-size ({} bytes): such a job could never be put",
            settings.max_job_size_bytes
        )
    })
}

fn no_session_timeout(settings: &ServeSettings) -> Option<String> {
    let (min, max) = settings.zookeeper_session_timeouts();
    (min > max).then(|| {
        format!(
            "zookeeper-session-timeout-min-ms (minSessionTimeout, {}) is larger than zookeeper-session-timeout-max-ms \
             (maxSessionTimeout, {}): left out, they are 2 and 20 ticks",
            min.as_millis(),
            max.as_millis()
        )
    })
}

/// A value of the file as the text that a flag would have.
fn texts(value: &toml::Value, repeatable: bool) -> Result<Vec<String>, String> {
    match value {
        toml::Value::String(text) => Ok(vec![text.clone()]),
        toml::Value::Integer(number) => Ok(vec![number.to_string()]),
        toml::Value::Array(values) if repeatable && !values.is_empty() => values
            .iter()
            .map(|value| match value {
                toml::Value::String(text) => Ok(text.clone()),
                other => Err(format!("{other} should be a string")),
            })
            .collect(),
        other if repeatable => Err(format!("{other} should be a string or an array of strings")),
        other => Err(format!("{other} should be a string or a whole number")),
    }
}

fn unknown(key: &str) -> String {
    let names = SETTINGS.iter().map(|setting| setting.name);
    match value::similar(key, names) {
        Some(name) => format!("there is no such setting; did you mean {name}?"),
        None => "there is no such setting; `trellis serve --help` lists them".to_owned(),
    }
}
