//! CPU and disk, as the operating system reports them.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use sysinfo::{Disks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::{Input, InputError};

/// The CPU time that this process uses, as a share of the CPUs that it may use.
#[derive(Debug)]
pub struct ProcessCpu {
    system: System,
    process: Pid,
    /// Whether there is an earlier reading to compare with.
    has_begun: bool,
}

impl Default for ProcessCpu {
    fn default() -> Self {
        Self { system: System::new(), process: Pid::from_u32(std::process::id()), has_begun: false }
    }
}

impl Input for ProcessCpu {
    fn read(&mut self) -> Result<f64, InputError> {
        let cpu = ProcessRefreshKind::nothing().with_cpu();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.process]), false, cpu);
        let Some(process) = self.system.process(self.process) else {
            return Err(InputError::new("the operating system does not show this process"));
        };
        if !std::mem::replace(&mut self.has_begun, true) {
            return Err(InputError::new("the first interval has not ended"));
        }
        let cpus = available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        Ok(f64::from(process.cpu_usage()) / 100.0 / cpus)
    }
}

/// The share of a disk that is in use. Use it only where traces are stored on this disk.
#[derive(Debug)]
pub struct DiskUsage {
    path: PathBuf,
    disks: Disks,
}

impl DiskUsage {
    /// Creates an input for the disk that `path` is on.
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, disks: Disks::new() }
    }
}

impl Input for DiskUsage {
    fn read(&mut self) -> Result<f64, InputError> {
        self.disks.refresh(true);
        let mounted = self.disks.iter().filter(|disk| self.path.starts_with(disk.mount_point()));
        let disk = mounted.max_by_key(|disk| disk.mount_point().as_os_str().len());
        match disk.map(|disk| (disk.total_space(), disk.available_space())) {
            Some((total, available)) if total > 0 => Ok(1.0 - available as f64 / total as f64),
            _ => Err(InputError::new(format!("there is no disk with a size at {}", self.path.display()))),
        }
    }
}
