//! What a child does between its fork and the program that it becomes. Nothing here allocates: another thread may have
//! held the allocator's lock at the moment of the fork.

use std::ffi::{CString, c_char};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

/// Has `work` done in the child that the command makes, last of all before the program begins.
///
/// # Safety
///
/// It runs in a copy of this process with a single thread, so it may use no lock and not allocate.
pub(crate) unsafe fn before_program(
    command: &mut Command,
    work: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: the caller promises just that.
    unsafe { command.pre_exec(work) };
}

/// Makes `number` another name of a descriptor, one that a program keeps.
pub(crate) fn name_descriptor(descriptor: BorrowedFd<'_>, number: RawFd) -> io::Result<()> {
    // SAFETY: the first is open as long as it is borrowed; what `number` was before is closed, which is the caller's wish.
    match unsafe { libc::dup2(descriptor.as_raw_fd(), number) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A program with its arguments and variables, made before the fork, one variable of which is the pid of the process that
/// begins it.
pub(crate) struct Image {
    path: CString,
    arguments: Vec<*const c_char>,
    variables: Vec<*const c_char>,
    pid: *mut u8,
    /// What the pointers point to. None of it is touched again but for the digits of the pid.
    _texts: Vec<CString>,
    _pid_text: Box<[u8]>,
}

// SAFETY: the pointers point to memory that the value owns, and only `become_it` writes to it, which takes `&mut`.
unsafe impl Send for Image {}
// SAFETY: as above; a shared reference gives no access at all.
unsafe impl Sync for Image {}

/// The digits of the largest pid that there can be.
const PID_DIGITS: usize = 10;

impl Image {
    /// A program by its path. `pid_variable` is the name of the variable that becomes the pid.
    pub(crate) fn new(
        path: CString,
        arguments: Vec<CString>,
        variables: Vec<CString>,
        pid_variable: &str,
    ) -> Image {
        let mut pid_text =
            format!("{pid_variable}={}\0", "0".repeat(PID_DIGITS)).into_bytes().into_boxed_slice();
        let pid_text_start = pid_text.as_mut_ptr();
        let pointers = |texts: &[CString]| texts.iter().map(|text| text.as_ptr()).collect::<Vec<_>>();
        let mut argument_pointers = pointers(&arguments);
        argument_pointers.push(ptr::null());
        let mut variable_pointers = pointers(&variables);
        variable_pointers.extend([pid_text_start.cast_const().cast::<c_char>(), ptr::null()]);
        Image {
            path,
            arguments: argument_pointers,
            variables: variable_pointers,
            pid: pid_text_start.wrapping_add(pid_variable.len() + 1),
            // The texts themselves stay where they are.
            _texts: arguments.into_iter().chain(variables).collect(),
            _pid_text: pid_text,
        }
    }

    /// Makes this process that program; returns only if that fails.
    pub(crate) fn become_it(&mut self) -> io::Error {
        let mut rest = std::process::id();
        let mut digits = [0; PID_DIGITS];
        let mut count = 0;
        while rest > 0 && count < PID_DIGITS {
            digits[count] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            count += 1;
        }
        for (place, digit) in digits[..count].iter().rev().enumerate() {
            // SAFETY: the text has room for PID_DIGITS digits there, and nobody else refers to it.
            unsafe { self.pid.wrapping_add(place).write(*digit) };
        }
        // SAFETY: it is within the text: a zero byte follows the place for the digits.
        unsafe { self.pid.wrapping_add(count).write(0) };
        // SAFETY: the path and what the two lists point to end with a zero byte, the lists with a null pointer.
        unsafe { libc::execve(self.path.as_ptr(), self.arguments.as_ptr(), self.variables.as_ptr()) };
        io::Error::last_os_error()
    }
}
