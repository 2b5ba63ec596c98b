//! Reads a zoo.cfg, as a ZooKeeper server has it, as settings.
//!
//! [`keys`] says what becomes of each key, [`properties`] reads the text, [`page`] writes `docs/zoo-cfg.md`. What other
//! ways of giving settings say comes before what is found here.

mod address;
mod keys;
mod page;
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::SETTINGS;
use super::raw::{Origin, Raw, SettingsError};
use address::ClientAddress;
use keys::{KEYS, Meaning, Use};
use properties::Property;

/// How much alike a key and one that is not known must be to be taken for a slip, from 0 to 1. Keys have many beginnings
/// and endings in common.
const LIKENESS_MIN: f64 = 0.9;

/// What the real server takes for the tickTime that a file does not give.
const TICK_MS_DEFAULT: &str = "3000";

/// What a zoo.cfg says.
#[derive(Clone, Debug)]
pub(crate) struct ZooCfg {
    /// The settings that it gives.
    pub(crate) settings: Raw,
    /// A sentence about each thing in it that is not used.
    pub(crate) warnings: Vec<String>,
    path: PathBuf,
    data_dirs: Vec<PathBuf>,
}

impl ZooCfg {
    /// Reads the file, and those that it names.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or says something that it would be unsafe to ignore.
    pub(crate) fn read(path: &Path) -> Result<ZooCfg, SettingsError> {
        let mut reader = Reader::new(path);
        let properties = reader.load(path)?;
        reader.give("zookeeper-tick-ms", TICK_MS_DEFAULT, &path.display().to_string());
        for (name, property) in latest(properties, path, &mut reader.warnings) {
            reader.take(path, &name, &property);
        }
        reader.finish()
    }

    /// Makes sure that the directories are not those of a real server, whose clients would find everything gone.
    ///
    /// # Errors
    ///
    /// If one holds its data.
    pub(crate) fn check_data(&self) -> Result<(), SettingsError> {
        let found = self.data_dirs.iter().find_map(|directory| zookeeper_data(directory));
        found.map_or(Ok(()), |found| {
            Err(SettingsError::from(format!(
                "{}: {} belongs to a ZooKeeper server. This version of trellis does not read its data, and clients \
                 would find none of it. To begin with an empty tree, name another directory with --data-dir",
                self.path.display(),
                found.display()
            )))
        })
    }
}

/// A file that only a real server makes, if there is one.
fn zookeeper_data(directory: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(directory.join("version-2")).ok()?;
    let is_data = |name: &str| name.starts_with("snapshot.") || name.starts_with("log.");
    files.flatten().find(|file| file.file_name().to_str().is_some_and(is_data)).map(|file| file.path())
}

/// Each key once, with its last value as in Java, by where that stands.
fn latest(properties: Vec<Property>, path: &Path, warnings: &mut Vec<String>) -> Vec<(String, Property)> {
    let mut latest: BTreeMap<String, Property> = BTreeMap::new();
    for property in properties {
        let name = property.key.trim().to_owned();
        let line = property.line;
        if let Some(earlier) = latest.insert(name.clone(), property) {
            let earlier = earlier.line;
            warnings.push(format!(
                "{}: {name} is given in lines {earlier} and {line}: the last one counts",
                path.display()
            ));
        }
    }
    let mut latest: Vec<_> = latest.into_iter().collect();
    latest.sort_by_key(|(_, property)| property.line);
    latest
}

/// What has been found so far.
struct Reader {
    path: PathBuf,
    settings: Raw,
    warnings: Vec<String>,
    problems: Vec<String>,
    client: ClientAddress,
    secure_port: Option<String>,
    data_dirs: Vec<PathBuf>,
    data_log_dir: Option<PathBuf>,
    /// The servers that are named, each with its line.
    servers: Vec<String>,
}

impl Reader {
    fn new(path: &Path) -> Self {
        Reader {
            path: path.to_owned(),
            settings: Raw::default(),
            warnings: Vec::new(),
            problems: Vec::new(),
            client: ClientAddress::default(),
            secure_port: None,
            data_dirs: Vec::new(),
            data_log_dir: None,
            servers: Vec::new(),
        }
    }

    fn load(&self, path: &Path) -> Result<Vec<Property>, SettingsError> {
        let bytes = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Ok(properties::parse(&bytes).map_err(|problem| format!("{}: {problem}", path.display()))?)
    }

    fn take(&mut self, path: &Path, name: &str, property: &Property) {
        let value = property.value.trim();
        let place = format!("{}: {name}", path.display());
        let Some(key) = keys::find(name) else { return self.warnings.push(unknown(&place, name)) };
        match key.meaning {
            Meaning::Setting(setting) => self.give(setting, value, &place),
            Meaning::Used(how, _) => self.use_key(how, name, value, &place),
            Meaning::Ignored(anyway, why) if !is_any(value, anyway) => self.ignore(&place, why),
            Meaning::Refused(anyway, why) if !is_any(value, anyway) => {
                self.problems.push(format!("{place} = {value} is not possible: {why}"));
            }
            Meaning::Ignored(..) | Meaning::Refused(..) => {}
        }
    }

    fn give(&mut self, name: &str, value: &str, place: &str) {
        let setting = SETTINGS.iter().find(|setting| setting.name == name).expect("a setting of the table");
        self.settings.give(setting, vec![value.to_owned()], Origin::Place(place.to_owned()));
    }

    fn ignore(&mut self, place: &str, why: &str) {
        self.warnings.push(format!("{place} is not used: {why}"));
    }

    fn use_key(&mut self, how: Use, name: &str, value: &str, place: &str) {
        let place_owned = place.to_owned();
        match how {
            Use::ClientPort => self.client.port = Some((value.to_owned(), place_owned)),
            Use::ClientAddress => self.client.host = Some((value.to_owned(), place_owned)),
            Use::SecurePort => self.secure_port = (value != "0").then_some(place_owned),
            Use::DataDir => self.take_data_dir(value, place),
            Use::DataLogDir => self.data_log_dir = Some(PathBuf::from(value)),
            Use::DynamicConfig => self.take_dynamic(Path::new(value), place),
            Use::Server => {
                self.client.of_server = address::of_server(value).map(|address| (address, place_owned));
                self.servers.push(name.to_owned());
            }
            Use::SessionTimeout(_) if value == "-1" => {}
            Use::SessionTimeout(setting) => self.give(setting, value, place),
            Use::MaxClients => self.give(
                "zookeeper-max-connections-per-address",
                if value.parse().is_ok_and(|count: i32| count <= 0) { "off" } else { value },
                place,
            ),
            Use::MaxConnections if value.parse().is_ok_and(|count: i32| count <= 0) => {}
            Use::MaxConnections => self.give("max-connections", value, place),
            Use::MaxBuffer => self.give("max-znode-size", &decimal(value), place),
            Use::EnforceQuota => {
                let on = value.eq_ignore_ascii_case("true");
                self.give("zookeeper-enforce-quota", if on { "on" } else { "off" }, place);
            }
            Use::Words => self.take_words(value, place),
            Use::AuthProvider => {
                let class = value.rsplit('.').next().unwrap_or_default();
                if !matches!(class, "DigestAuthenticationProvider" | "IPAuthenticationProvider") {
                    self.ignore(place, "clients prove who they are by digest or by their address only");
                }
            }
        }
    }

    fn take_data_dir(&mut self, value: &str, place: &str) {
        self.give("data-dir", value, place);
        let directory = PathBuf::from(value);
        let path = directory.join("myid");
        if let Ok(text) = fs::read_to_string(&path) {
            let number = text.lines().next().unwrap_or_default().trim();
            self.give("node-id", number, &path.display().to_string());
        }
        self.data_dirs.push(directory);
    }

    /// Words that this server does not have are left out; they do no harm.
    fn take_words(&mut self, value: &str, place: &str) {
        let known = trellis_server::ZkSettings::words_known();
        let mut words = vec!["srvr"];
        for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "*" => words = known.clone(),
                _ if known.contains(&word) => words.push(word),
                _ => self.warnings.push(format!("{place}: there is no word {word:?}")),
            }
        }
        self.give("zookeeper-words", &words.join(","), place);
    }

    /// The file with the members of an ensemble, which has nothing else.
    fn take_dynamic(&mut self, path: &Path, place: &str) {
        match self.load(path) {
            Ok(properties) => {
                for (name, property) in latest(properties, path, &mut self.warnings) {
                    if name != "version" {
                        self.take(path, &name, &property);
                    }
                }
            }
            Err(error) => self.problems.push(format!("{place}: {error}")),
        }
    }

    fn finish(mut self) -> Result<ZooCfg, SettingsError> {
        let path = self.path.display().to_string();
        if let [_, _, ..] = self.servers[..] {
            self.problems.push(format!(
                "{path}: {} are an ensemble, which this version of trellis cannot form: each would keep its own data. \
                 To run one server, leave one of them",
                self.servers.join(", ")
            ));
        } else if let [server] = &self.servers[..] {
            self.warnings
                .push(format!("{path}: {server} alone is no ensemble: there are no ports for other servers"));
        }
        let addresses = self.client.resolve().unwrap_or_else(|problem| {
            self.problems.push(format!("{path}: {problem}"));
            None
        });
        match (addresses, &self.secure_port) {
            (Some((address, place)), secure_port) => {
                self.warnings.extend(secure_port.iter().map(|place| {
                    format!("{place} is not used: this version has no TLS, and nothing listens there")
                }));
                self.give("zookeeper", &address, &place);
            }
            (None, Some(place)) => {
                self.problems.push(format!("{place} alone is not possible: this version has no TLS"));
            }
            (None, None) => self.give("zookeeper", "off", &path),
        }
        if let Some(directory) =
            self.data_log_dir.take().filter(|directory| !self.data_dirs.contains(directory))
        {
            self.ignore(&format!("{path}: dataLogDir"), "log and snapshots are both in dataDir");
            self.data_dirs.push(directory);
        }
        // Who comes with a zoo.cfg expects what a ZooKeeper server listens to, and nothing else.
        for protocol in ["beanstalk", "http"] {
            self.give(protocol, "off", &path);
        }
        match self.problems.is_empty() {
            true => Ok(ZooCfg {
                settings: self.settings,
                warnings: self.warnings,
                path: self.path,
                data_dirs: self.data_dirs,
            }),
            false => Err(SettingsError { problems: self.problems }),
        }
    }
}

/// Java's booleans and its names for algorithms are read in any case.
fn is_any(value: &str, anyway: &[&str]) -> bool {
    anyway.iter().any(|other| other.eq_ignore_ascii_case(value))
}

/// A number as Java's `Integer.decode` reads it, in decimal digits.
fn decimal(text: &str) -> String {
    let digits =
        text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(|| text.strip_prefix('#'));
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}

fn unknown(place: &str, name: &str) -> String {
    let likeness = |key: &str| strsim::jaro(&name.to_lowercase(), &key.to_lowercase());
    let names = KEYS.iter().map(|key| key.name).filter(|key| likeness(key) > LIKENESS_MIN);
    match names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(similar) => format!("{place} is not used: there is no such key; did you mean {similar}?"),
        None => format!("{place} is not used: there is no such key"),
    }
}
