//! Threads that inject faults: one for each kind of target, so that faults of different targets overlap.

use std::fmt;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::backend::Backend;
use super::options::Server;
use super::proxy::{Mode, Proxy};
use super::shop::{Member, Shop};
use super::timeline::{Scope, Timeline, now};

/// How long a service may take to become healthy again while others have faults.
///
/// A member of a Kafka group that was killed leaves its place after 45 s, which its successor has to wait for.
const RESTART_PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

/// What happens to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Pause,
    Kill,
    Terminate,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "SIGSTOP",
            Self::Kill => "SIGKILL",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// What the lanes share.
pub(super) struct Chaos<'a> {
    pub(super) seed: u64,
    pub(super) shop: &'a Shop,
    /// Missing in a run that records nothing.
    pub(super) export: Option<(&'a Proxy, &'a Backend)>,
    pub(super) servers: &'a [Server],
    pub(super) timeline: &'a Timeline,
    pub(super) until: Instant,
    /// Kills and pauses of services: each may repeat the batch in flight.
    pub(super) interrupted: AtomicU64,
    /// Errors of the harness and the services that no fault explains.
    pub(super) failures: Mutex<Vec<String>>,
}

impl Chaos<'_> {
    /// Injects faults until the time is over. Everything runs again when it returns.
    pub(super) fn run(&self) {
        thread::scope(|scope| {
            scope.spawn(|| self.lane("services", 1, (1.0, 8.0), |random| self.service_fault(random)));
            if let Some((proxy, backend)) = self.export {
                scope.spawn(|| {
                    self.lane("network", 2, (0.5, 5.0), |random| self.network_fault(random, proxy))
                });
                scope.spawn(|| {
                    self.lane("backend", 3, (4.0, 25.0), |random| self.backend_fault(random, backend))
                });
            }
            if !self.servers.is_empty() {
                scope.spawn(|| self.lane("servers", 4, (3.0, 20.0), |random| self.server_fault(random)));
            }
        });
    }

    /// Injects faults with pauses between `pause.0` and `pause.1` seconds.
    fn lane(
        &self,
        name: &str,
        number: u64,
        pause: (f64, f64),
        mut fault: impl FnMut(&mut fastrand::Rng) -> io::Result<()>,
    ) {
        let mut random = fastrand::Rng::with_seed(self.seed.wrapping_mul(31).wrapping_add(number));
        loop {
            self.sleep(between(&mut random, pause));
            if Instant::now() >= self.until {
                return;
            }
            if let Err(error) = fault(&mut random) {
                self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{name}: {error}"));
            }
        }
    }

    /// Sleeps, at most until the end.
    fn sleep(&self, time: Duration) {
        let until = self.until.min(Instant::now() + time);
        while Instant::now() < until {
            thread::sleep(POLL);
        }
    }

    fn network_fault(&self, random: &mut fastrand::Rng, proxy: &Proxy) -> io::Result<()> {
        let (mode, time) = (Mode::random(random), between(random, (0.3, 6.0)));
        let from = now();
        proxy.set_mode(mode);
        self.sleep(time);
        proxy.set_mode(Mode::Pass);
        self.timeline.add(format!("network: {}", mode.name()), Scope::Telemetry, from);
        Ok(())
    }

    fn backend_fault(&self, random: &mut fastrand::Rng, backend: &Backend) -> io::Result<()> {
        let (end, time) = (random_end(random), between(random, (0.3, 8.0)));
        let from = now();
        match end {
            End::Pause => {
                backend.process().signal(Signal::STOP)?;
                self.sleep(time);
                backend.process().signal(Signal::CONT)?;
            }
            End::Kill | End::Terminate => {
                match end {
                    End::Kill => backend.process().kill()?,
                    _ => drop(backend.process().stop(RESTART_PATIENCE)?),
                }
                self.sleep(time);
                backend.process().start()?;
                if !backend.wait() {
                    return Err(io::Error::other("the Collector does not start again"));
                }
            }
        }
        self.timeline.add(format!("collector: {end}"), Scope::Telemetry, from);
        Ok(())
    }

    fn service_fault(&self, random: &mut fastrand::Rng) -> io::Result<()> {
        let members = self.shop.members();
        let member = &members[random.usize(..members.len())];
        let (end, time) = (random_end(random), between(random, (0.2, 4.0)));
        let end = if member.may_end() { end } else { End::Pause };
        let from = now();
        self.interrupted.fetch_add(1, Ordering::Relaxed);
        match end {
            End::Pause => {
                member.process().signal(Signal::STOP)?;
                self.sleep(time);
                member.process().signal(Signal::CONT)?;
            }
            End::Kill => {
                member.process().kill()?;
                self.restart(member, time)?;
            }
            End::Terminate => {
                let has_stopped = member.stop()?;
                self.restart(member, time)?;
                if !has_stopped {
                    let name = member.service.name();
                    return Err(io::Error::other(format!("{name} did not stop after SIGTERM, or failed")));
                }
            }
        }
        self.timeline.add(format!("{}: {end}", member.service.name()), Scope::Shop, from);
        Ok(())
    }

    fn restart(&self, member: &Member, after: Duration) -> io::Result<()> {
        self.sleep(after);
        match member.start(RESTART_PATIENCE)? {
            true => Ok(()),
            false => Err(io::Error::other(format!("{} is not healthy again", member.service.name()))),
        }
    }

    /// What keeps the servers running starts a killed one again.
    fn server_fault(&self, random: &mut fastrand::Rng) -> io::Result<()> {
        let server = &self.servers[random.usize(..self.servers.len())];
        let (end, time) = (random_end(random), between(random, (0.3, 5.0)));
        let from = now();
        let group = fs::read_to_string(&server.group_file)?;
        let group = group.trim().parse().ok().and_then(Pid::from_raw);
        let group = group.ok_or_else(|| io::Error::other(format!("{}: no process group", server.name)))?;
        match end {
            End::Pause => {
                kill_process_group(group, Signal::STOP)?;
                self.sleep(time);
                kill_process_group(group, Signal::CONT)?;
            }
            End::Kill => kill_process_group(group, Signal::KILL)?,
            End::Terminate => kill_process_group(group, Signal::TERM)?,
        }
        self.timeline.add(format!("{}: {end}", server.name), Scope::Shop, from);
        Ok(())
    }
}

fn random_end(random: &mut fastrand::Rng) -> End {
    match random.u8(..3) {
        0 => End::Pause,
        1 => End::Kill,
        _ => End::Terminate,
    }
}

fn between(random: &mut fastrand::Rng, (least, most): (f64, f64)) -> Duration {
    Duration::from_secs_f64(least + (most - least) * random.f64())
}
