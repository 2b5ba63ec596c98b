//! `trellis serve`: its arguments, and the call into the server.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::exit::{Exit, Failure};
use crate::settings::{Complete, Origin, Raw, SETTINGS, ServeSettings, Setting, SettingsError, ZooCfg};

/// What `trellis serve` was given on the command line and in the environment, not yet read.
///
/// The arguments come from the table of settings, so this is written by hand where the others are derived.
#[derive(Clone, Debug)]
pub(crate) struct ServeArgs {
    raw: Raw,
    config: Option<PathBuf>,
    zoo_cfg: Option<PathBuf>,
}

impl ServeArgs {
    /// What `trellis serve` would be given without flags, but for `--config`: for a command that has flags of its own.
    ///
    /// # Errors
    ///
    /// If a variable of the environment is not text.
    pub(crate) fn without_flags(config: Option<&Path>) -> Result<ServeArgs, Failure> {
        let command = ServeArgs::augment_args(Command::new("serve").no_binary_name(true));
        let config = config.map(|path| {
            let mut flag = OsString::from(format!("--{CONFIG}="));
            flag.push(path);
            flag
        });
        let matches = command.try_get_matches_from(config);
        let args = matches.and_then(|matches| ServeArgs::from_arg_matches(&matches));
        args.map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }

    /// Merges flags, environment, files and defaults, and checks the result. With it come warnings of what is not used.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or a setting cannot be used; nothing has been opened or created by then.
    pub(crate) fn settings(self) -> Result<(ServeSettings, Vec<String>), SettingsError> {
        let raw = match self.config {
            Some(path) => self.raw.over(Raw::from_file(&path)?),
            None => self.raw,
        };
        let Some(path) = self.zoo_cfg else { return Ok((raw.resolve()?, Vec::new())) };
        let zoo_cfg = ZooCfg::read(&path)?;
        let data_dir_given = raw.origin("data-dir").is_some();
        let raw = raw.over(zoo_cfg.settings.clone());
        if raw.origin("data-dir").is_none() {
            return Err(SettingsError::from(format!("{}: dataDir is not set", path.display())));
        }
        let settings = raw.resolve()?;
        if !data_dir_given {
            zoo_cfg.check_data()?;
        }
        Ok((settings, zoo_cfg.warnings))
    }
}

/// Runs the server until it is told to stop.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let (settings, warnings) = usable(args)?;
    crate::serve::serve(settings, &warnings)
}

/// The settings of `args`, if a server can do anything with them, and the warnings.
pub(crate) fn usable(args: ServeArgs) -> Result<(ServeSettings, Vec<String>), Failure> {
    let (settings, warnings) =
        args.settings().map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    // Sockets that a service manager passes stand in for addresses; whether they are any good shows when they are used.
    if settings.beanstalk.is_empty()
        && settings.zookeeper.is_empty()
        && std::env::var_os("LISTEN_FDS").is_none()
    {
        return Err(Failure::new(Exit::Usage, "there is nothing to listen on: every listener is off").hint(
            "give --beanstalk an address, as in 127.0.0.1:11300, or --zookeeper, as in 127.0.0.1:2181",
        ));
    }
    Ok((settings, warnings))
}

impl Args for ServeArgs {
    fn augment_args(command: Command) -> Command {
        let config = file(CONFIG, "TRELLIS_CONFIG")
            .help("A TOML file with settings; its keys are the names of these flags")
            .long_help(
                "A TOML file with settings; its keys are the names of these flags\n\n\
                 A flag wins over the environment, the environment over the file.",
            );
        let zoo_cfg = file(ZOO_CFG, "TRELLIS_ZOO_CFG")
            .help("A ZooKeeper server's zoo.cfg, to be used as it is")
            .long_help(
                "A ZooKeeper server's zoo.cfg, to be used as it is\n\n\
                 Everything else wins over it. With it, beanstalkd's protocol is off unless --beanstalk is given. \
                 What is not used is named in warnings; docs/zoo-cfg.md has the list.",
            );
        command.args(SETTINGS.iter().map(argument)).args([config, zoo_cfg])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut raw = Raw::default();
        for setting in SETTINGS {
            let origin = match matches.value_source(setting.name) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => Origin::Variable,
                _ => continue,
            };
            let values = matches.get_many::<String>(setting.name).into_iter().flatten().cloned().collect();
            raw.give(setting, values, origin);
        }
        // An empty variable counts as not set.
        let path = |name| {
            let path = matches.get_one::<OsString>(name).map(PathBuf::from);
            let variable = matches.value_source(name) == Some(ValueSource::EnvVariable);
            path.filter(|path| !(variable && path.as_os_str().is_empty()))
        };
        Ok(ServeArgs { raw, config: path(CONFIG), zoo_cfg: path(ZOO_CFG) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments that are files with settings.
const CONFIG: &str = "config";
const ZOO_CFG: &str = "zoo-cfg";

fn file(name: &'static str, variable: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .env(variable)
        .hide_env_values(true)
        .value_parser(clap::value_parser!(OsString))
        .value_hint(ValueHint::FilePath)
}

/// The command-line argument of a setting.
fn argument(setting: &'static Setting) -> Arg {
    let plain = |text: &str| text.replace('`', "");
    let summary = plain(setting.summary);
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .value_name(setting.value_name)
        .env(setting.variable)
        .hide_env_values(true)
        .hide_possible_values(true)
        // So that the settings say what is allowed instead.
        .allow_negative_numbers(true)
        .action(if setting.repeatable { ArgAction::Append } else { ArgAction::Set })
        .long_help(format!("{summary}\n\n{}", plain(setting.details)))
        .help(summary);
    let arg = match setting.default {
        Some(default) => arg.default_value(default),
        None => arg,
    };
    match setting.complete {
        Complete::Nothing => arg.value_parser(StringValueParser::new()),
        Complete::Directory => arg.value_parser(StringValueParser::new()).value_hint(ValueHint::DirPath),
        Complete::User => arg.value_parser(StringValueParser::new()).value_hint(ValueHint::Username),
        Complete::Words(words) => arg.value_parser(AnyWord(words)),
    }
}

/// Takes any text, but lets shells complete these words. The settings judge the text, since they alone can say
/// whether it came from a flag, the environment or the file.
#[derive(Clone)]
struct AnyWord(&'static [&'static str]);

impl TypedValueParser for AnyWord {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().copied().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Address, Durability};

    fn settings(line: &str) -> Result<ServeSettings, String> {
        let command = ServeArgs::augment_args(Command::new("serve").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split(' ')).map_err(|error| error.to_string())?;
        let args = ServeArgs::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        args.settings().map(|(settings, _)| settings).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_reach_the_settings() {
        let found = settings("--beanstalk a:1 --beanstalk unix:/b --durability memory").expect("settings");
        assert_eq!(found.durability, Durability::Memory);
        let host = "a".to_owned();
        assert_eq!(found.beanstalk, [Address::Tcp { host, port: 1 }, Address::Unix(PathBuf::from("/b"))]);
    }

    #[test]
    fn a_value_reaches_the_settings_check() {
        let error = settings("--durability srict --node-id 0").expect_err("two mistakes");
        assert!(error.contains("--durability: \"srict\"") && error.contains("--node-id: \"0\""), "{error}");
    }

    #[test]
    fn the_examples_for_users_of_beanstalkd_are_right() {
        let page = include_str!("../../../../docs/beanstalkd-flags.md");
        let examples: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("trellis serve ")).collect();
        assert_eq!(examples.len(), 4);
        for example in examples {
            settings(example).expect(example);
        }
    }
}
