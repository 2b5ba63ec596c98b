//! What the operating system tells of this process and its machine.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, getrlimit, getuid};
use rustix::system::uname;

use super::server::VERSION;
use super::sheet::Sheet;

/// What the real server writes for what it does not know.
const NOT_AVAILABLE: &str = "<NA>";

const JAVA: [&str; 7] = ["version", "vendor", "home", "class.path", "library.path", "io.tmpdir", "compiler"];

/// File descriptors.
#[derive(Default)]
pub(super) struct Files {
    pub(super) open: u64,
    pub(super) max: u64,
}

/// Runs what may have to wait for the system on another thread, so that clients don't wait with it.
pub(super) async fn away<T: Default + Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    // It fails only if the process ends.
    tokio::task::spawn_blocking(what).await.unwrap_or_default()
}

pub(super) fn files() -> Files {
    let list = "/proc/self/fd";
    // Since Linux 6.2 the size of the list is the number of its entries; before, it is 0.
    let open = match fs::metadata(list).map_or(0, |metadata| metadata.len()) {
        0 => fs::read_dir(list).map_or(0, |entries| entries.count() as u64),
        open => open,
    };
    Files { open, max: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) }
}

/// The bytes of all files below a directory; what can't be read counts nothing.
pub(super) fn bytes_in(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(bytes).sum()
}

/// What `envi` tells. There is nothing that Java could tell of itself.
pub(super) fn environment(sheet: &mut Sheet) {
    let system = uname();
    let home = std::env::var("HOME").unwrap_or_else(|_| NOT_AVAILABLE.to_owned());
    let user = std::env::var("USER").unwrap_or_else(|_| getuid().as_raw().to_string());
    let directory = std::env::current_dir().unwrap_or_default();
    let memory = Memory::now();
    sheet.line("Environment:");
    sheet.line(format_args!("zookeeper.version={VERSION}"));
    sheet.line(format_args!("host.name={}", system.nodename().to_string_lossy()));
    for name in JAVA {
        sheet.line(format_args!("java.{name}={NOT_AVAILABLE}"));
    }
    sheet.line(format_args!("os.name={}", system.sysname().to_string_lossy()));
    sheet.line(format_args!("os.arch={}", architecture(&system.machine().to_string_lossy())));
    sheet.line(format_args!("os.version={}", system.release().to_string_lossy()));
    sheet.line(format_args!("user.name={user}"));
    sheet.line(format_args!("user.home={home}"));
    sheet.line(format_args!("user.dir={}", directory.display()));
    sheet.line(format_args!("os.memory.free={}MB", memory.available >> 10));
    sheet.line(format_args!("os.memory.max={}MB", memory.installed >> 10));
    sheet.line(format_args!("os.memory.total={}MB", memory.resident >> 10));
}

/// A time as Java writes it, in UTC: `Sun Nov 22 18:05:47 UTC 2026`.
pub(super) fn date(time: SystemTime) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let weekday = WEEKDAYS[(days % 7) as usize];
    // Years are counted from March on, so that the day that some of them lack is the last one; 400 of them always have
    // the same number of days. The first of March of the year 0 is 719468 days before 1970.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    let month = MONTHS[((month + 2) % 12) as usize];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// The machine's kind by Java's name for it.
fn architecture(machine: &str) -> &str {
    if machine == "x86_64" { "amd64" } else { machine }
}

/// In KiB. Java's heap is what its server tells of: what it may grow to, what it has, and what is left of that.
struct Memory {
    available: u64,
    installed: u64,
    resident: u64,
}

impl Memory {
    fn now() -> Self {
        let machine = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let process = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Memory {
            available: kibibytes(&machine, "MemAvailable:"),
            installed: kibibytes(&machine, "MemTotal:"),
            resident: kibibytes(&process, "VmRSS:"),
        }
    }
}

fn kibibytes(table: &str, name: &str) -> u64 {
    let value = table.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_directories_are_added_up() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), [0; 10]).unwrap();
        fs::create_dir(directory.path().join("b")).unwrap();
        fs::write(directory.path().join("b/c"), [0; 5]).unwrap();
        assert_eq!(bytes_in(directory.path()), 15);
        assert_eq!(bytes_in(&directory.path().join("missing")), 0);
    }

    #[test]
    fn open_files_are_counted() {
        let before = files();
        let kept = [(); 100].map(|()| fs::File::open("/dev/null").unwrap());
        let with = files();
        assert!(with.open >= before.open + 90, "{} and then {}", before.open, with.open);
        assert!(with.open <= with.max);
        drop(kept);
    }

    #[test]
    fn dates_are_written_as_java_writes_them() {
        let cases = [
            (0, "Thu Jan 01 00:00:00 UTC 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 UTC 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 UTC 2000"),
            (951_868_800, "Wed Mar 01 00:00:00 UTC 2000"),
            (1_795_370_747, "Sun Nov 22 18:05:47 UTC 2026"),
            (4_107_542_399, "Sun Feb 28 23:59:59 UTC 2100"),
            (4_107_542_400, "Mon Mar 01 00:00:00 UTC 2100"),
            (4_133_980_799, "Fri Dec 31 23:59:59 UTC 2100"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(date(UNIX_EPOCH + std::time::Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn memory_is_read_from_the_systems_tables() {
        let table = "MemTotal:        8143120 kB\nMemFree:          1000 kB\n";
        assert_eq!((kibibytes(table, "MemTotal:"), kibibytes(table, "Missing:")), (8_143_120, 0));
        let memory = Memory::now();
        assert!(memory.resident > 0 && memory.resident < memory.installed);
    }
}
