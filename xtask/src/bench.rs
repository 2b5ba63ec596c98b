//! `cargo xtask bench`: builds what is measured and what measures, describes the machine, and keeps the
//! results. The measuring itself is the program of `bench/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{capture, cargo, root, run as execute};
use crate::tidy::target_folder;
use crate::tools;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A glance instead of a measurement: one short round with small numbers, and nothing is kept.
    #[arg(long)]
    quick: bool,
    /// Only the rows whose name contains this; may be given several times.
    #[arg(long, value_name = "ROW")]
    filter: Vec<String>,
    /// How long each server is loaded in each round of each row.
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
}

/// Measures everything, and writes `table.md`, `raw.json` and `machine.txt`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let target = target_folder()?;
    let beanstalkd = tools::beanstalkd(&target)?;
    let (java, zookeeper_jar) = tools::zookeeper()?;
    let (supervisord, its_python) = tools::supervisord(&target)?;
    execute(&mut cargo(&["build", "--release", "--package", "trellis", "--package", "trellis-bench"])?)?;

    let folder = result_folder(options, &target)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut version = Command::new(&supervisord);
    let mut bench = Command::new(target.join("release/trellis-bench"));
    if let Some(python) = its_python {
        version.env("PYTHONPATH", &python);
        bench.env("PYTHONPATH", python);
    }
    let mut facts = machine(&beanstalkd, &java, &target)?;
    facts += &format!("supervisord: {}\n", capture(version.arg("--version"))?.trim());
    fs::write(folder.join("machine.txt"), facts)?;
    bench.arg("--trellis").arg(target.join("release/trellis"));
    bench.arg("--beanstalkd").arg(&beanstalkd);
    bench.arg("--java").arg(&java).arg("--zookeeper-jar").arg(&zookeeper_jar);
    bench.arg("--supervisord").arg(&supervisord);
    bench.arg("--work-dir").arg(target.join("bench"));
    bench.arg("--out").arg(&folder);
    if options.quick {
        bench.arg("--quick");
    }
    for filter in &options.filter {
        bench.args(["--filter", filter]);
    }
    if let Some(seconds) = options.seconds {
        bench.args(["--seconds", &seconds.to_string()]);
    }
    execute(&mut bench)?;
    println!("results are in {}", folder.display());
    Ok(())
}

/// Where the results go: whole tables into the repository, the rest under `target/`.
fn result_folder(options: &Options, target: &Path) -> Result<PathBuf> {
    if options.quick || !options.filter.is_empty() {
        return Ok(target.join("bench/partial"));
    }
    let day = capture(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(root()?.join("bench/runs").join(format!("{}-{}", day.trim(), slug(&processor()?))))
}

/// What the results depend on, and which servers they are of.
fn machine(beanstalkd: &Path, java: &Path, target: &Path) -> Result<String> {
    let memory = fs::read_to_string("/proc/meminfo").context("benchmarks need Linux")?;
    let memory = memory.lines().next().unwrap_or_default().split_whitespace().nth(1).unwrap_or_default();
    let memory: u64 = memory.parse().context("/proc/meminfo has an unknown form")?;
    let line = |command: &mut Command| capture(command).map(|said| said.trim().to_owned());
    let package_version = ["--show", "--showformat=${Version}", tools::ZOOKEEPER_PACKAGE];
    let java_version = line(Command::new(java).arg("--version"))?;
    let disk = line(Command::new("df").arg("--output=fstype").arg(target))?;
    let facts = [
        ("time", line(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?),
        ("processor", processor()?),
        ("cores", std::thread::available_parallelism()?.to_string()),
        ("memory", format!("{:.1} GiB", memory as f64 / (1024.0 * 1024.0))),
        ("file system", disk.lines().last().unwrap_or_default().to_owned()),
        ("kernel", line(Command::new("uname").args(["-s", "-r", "-m"]))?),
        ("compiler", line(Command::new("rustc").arg("--version").current_dir(root()?))?),
        ("beanstalkd", line(Command::new(beanstalkd).arg("-v"))?),
        ("zookeeper", line(Command::new("dpkg-query").args(package_version))?),
        ("java", java_version.lines().next().unwrap_or_default().to_owned()),
        (
            "trellis",
            line(Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(root()?))?,
        ),
    ];
    Ok(facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect())
}

/// The processor's name as Linux tells it.
fn processor() -> Result<String> {
    let described = fs::read_to_string("/proc/cpuinfo").context("benchmarks need Linux")?;
    let name = described.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(name.map_or("unknown processor", |(_, name)| name.trim()).to_owned())
}

/// The text in lower case, with one hyphen for everything that is neither letter nor digit.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_fit_for_a_folder() {
        assert_eq!(slug("Intel(R) Xeon(R) CPU @ 2.80GHz"), "intel-r-xeon-r-cpu-2-80ghz");
    }
}
