//! What the processes cost, read from `/proc`: processor time and resident memory.

use std::fs;
use std::io;
use std::time::Duration;

/// A tick of `/proc`, on every Linux that there is.
const TICK: Duration = Duration::from_millis(10);

/// Processor time until now.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    pub service: Duration,
    /// All processes of the database server, those that have ended included.
    pub postgres: Duration,
    /// This program: load and Twilio.
    pub load: Duration,
    /// The whole machine.
    pub machine: Duration,
}

impl Spent {
    pub fn now(services: &[u32], postmaster: Option<u32>) -> io::Result<Self> {
        let services = services.iter().map(|pid| Stat::of(*pid).map(|stat| stat.own));
        Ok(Self {
            service: services.sum::<io::Result<Duration>>()?,
            postgres: match postmaster {
                Some(pid) => family(pid)?,
                None => Duration::ZERO,
            },
            load: Stat::of(std::process::id())?.own,
            machine: machine()?,
        })
    }

    pub fn since(self, before: Self) -> Self {
        Self {
            service: self.service.saturating_sub(before.service),
            postgres: self.postgres.saturating_sub(before.postgres),
            load: self.load.saturating_sub(before.load),
            machine: self.machine.saturating_sub(before.machine),
        }
    }
}

/// Resident memory in bytes.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes
        .map(|kibibytes| kibibytes * 1_024)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

struct Stat {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

impl Stat {
    fn of(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name may hold anything; what is counted begins behind it, with the third field.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let field = |number: usize| {
            fields
                .get(number - 3)
                .and_then(|text| text.parse::<u32>().ok())
                .unwrap_or(0)
        };
        Ok(Self {
            parent: field(4),
            own: TICK * (field(14) + field(15)),
            ended_children: TICK * (field(16) + field(17)),
        })
    }
}

fn family(parent: u32) -> io::Result<Duration> {
    let head = Stat::of(parent)?;
    let mut sum = head.own + head.ended_children;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // One that has just ended is counted with its parent.
        if let Ok(stat) = Stat::of(pid)
            && stat.parent == parent
        {
            sum += stat.own;
        }
    }
    Ok(sum)
}

fn machine() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<u32> = fields.map(|field| field.parse().unwrap_or(0)).collect();
    // Without the fourth and fifth, in which nothing was done.
    let busy = ticks
        .iter()
        .take(8)
        .enumerate()
        .filter(|(place, _)| !(3..=4).contains(place));
    Ok(TICK * busy.map(|(_, ticks)| *ticks).sum())
}
