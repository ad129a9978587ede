//! Whether a port is free, and if not, who has it: a person told "address in use" wants to know by whom.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Result, bail};

/// The loopback address of `port`. Fails, naming the process that has it, when it is taken.
pub fn loopback(port: u16, option: &str) -> Result<SocketAddr> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if port != 0 && TcpListener::bind(addr).is_err() {
        let holder = holder_of(port).unwrap_or_else(|| "a process of another user".to_owned());
        bail!(
            "port {port} is taken by {holder}: end that, or choose another with {option} (0: any free one)"
        );
    }
    Ok(addr)
}

/// "process 4711 (python3 -m http.server)", where we may see it.
fn holder_of(port: u16) -> Option<String> {
    let inode = listening_inode(port)?;
    let target = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().into_string().ok()?.parse::<u32>().ok());
    let pid = numbers.find(|name| {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{name}/fd")) else { return false };
        descriptors
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|link| link.as_os_str().as_bytes() == target.as_bytes())
    })?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = command.split(|&b| b == 0).map(String::from_utf8_lossy).collect();
    Some(format!("process {pid} ({})", words.join(" ").trim()))
}

/// The inode of the socket that listens on `port`, from the kernel's tables (proc(5), `/proc/net/tcp`).
fn listening_inode(port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines()).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let local_port = u16::from_str_radix(columns.get(1)?.rsplit(':').next()?, 16).ok()?;
        let listens = local_port == port && columns.get(3) == Some(&LISTEN);
        listens.then(|| columns.get(9)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_with_the_name_of_its_holder() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let refusal = loopback(port, "--port").expect_err("taken").to_string();
        let start = format!("port {port} is taken by process {} (", std::process::id());
        assert!(refusal.starts_with(&start), "{refusal}");
        assert!(
            refusal.ends_with("): end that, or choose another with --port (0: any free one)"),
            "{refusal}"
        );
    }

    #[test]
    fn port_zero_is_always_free() {
        assert_eq!(loopback(0, "--port").expect("free"), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    }
}
