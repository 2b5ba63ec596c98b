//! How the module is linked: it stays in memory, since the threads of its sessions may run when PHP unloads its modules.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
