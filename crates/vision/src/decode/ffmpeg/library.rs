//! FFmpeg's libavcodec, loaded while the program runs.
//!
//! No headers are needed: eighteen functions by name, options by name, and fields whose place has been
//! the same since FFmpeg 5.1, or is known for each major version ([`Layout`]). What is loaded is
//! tried on a clip before any camera's video is given to it (see `clips`), so that a
//! library with other places is found out.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Major versions of libavcodec that were read and tried: those of FFmpeg 5.1, 6, 7, 8 and 9.
const MAJORS: std::ops::RangeInclusive<u32> = 59..=63;

/// Where fields of `AVFrame` lie whose place differs between major versions, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    /// `flags`; `color_range` follows 4 bytes later, `colorspace` 16.
    pub(super) flags: usize,
    /// `decode_error_flags`.
    pub(super) decode_error_flags: usize,
}

impl Layout {
    /// By libavcodec's major version (headers of 59, 61 and 63; 60 and 62 by trying them).
    fn of(major: u32) -> Self {
        match major {
            ..=60 => Self { flags: 316, decode_error_flags: 376 },
            61 => Self { flags: 292, decode_error_flags: 344 },
            62.. => Self { flags: 276, decode_error_flags: 320 },
        }
    }
}

/// Why there is no libavcodec to work with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FfmpegError {
    /// None of the usual names is there.
    #[error(
        "FFmpeg's libavcodec (5.1 to 9) is not installed: on Debian and Ubuntu `apt install libavcodec-extra`, \
         or name the file in RAZZ_LIBAVCODEC"
    )]
    Missing,
    /// A file that is no libavcodec, or one that lacks something.
    #[error("{}: {what}", path.display())]
    Unusable {
        /// The file, or the name by which the system looked for it.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Fields of `AVPacket` (bytes from its beginning).
pub(super) mod packet {
    pub(in super::super) const PTS: usize = 8;
    pub(in super::super) const DTS: usize = 16;
    pub(in super::super) const DATA: usize = 24;
    pub(in super::super) const SIZE: usize = 32;
}

/// Fields of `AVFrame`.
pub(super) mod frame {
    /// Eight pointers.
    pub(in super::super) const DATA: usize = 0;
    /// Eight `int`s.
    pub(in super::super) const LINESIZE: usize = 64;
    pub(in super::super) const WIDTH: usize = 104;
    pub(in super::super) const HEIGHT: usize = 108;
    pub(in super::super) const FORMAT: usize = 116;
    pub(in super::super) const PTS: usize = 136;
}

/// Reads a field of a struct of libavcodec's.
///
/// # Safety
/// A `T` has to lie there.
#[allow(unsafe_code, reason = "fields of libavcodec's structs")]
pub(super) unsafe fn field<T: Copy>(of: *const c_void, at: usize) -> T {
    // SAFETY: the caller's.
    unsafe { of.cast::<u8>().add(at).cast::<T>().read_unaligned() }
}

/// Writes one.
///
/// # Safety
/// A `T` has to lie there.
#[allow(unsafe_code, reason = "fields of libavcodec's structs")]
pub(super) unsafe fn set_field<T>(of: *mut c_void, at: usize, value: T) {
    // SAFETY: the caller's.
    unsafe { of.cast::<u8>().add(at).cast::<T>().write_unaligned(value) }
}

macro_rules! functions {
    ($(#[doc = $doc:literal])* $set:ident: $($name:ident: fn($($kind:ty),*) $(-> $out:ty)?;)*) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $set {
            $(pub(super) $name: unsafe extern "C" fn($($kind),*) $(-> $out)?,)*
        }

        impl $set {
            /// # Safety
            /// The library's functions of these names have to be those of FFmpeg.
            #[allow(unsafe_code, reason = "loading functions by name")]
            unsafe fn load(library: &libloading::Library) -> Result<Self, String> {
                $(
                    // SAFETY: the caller vouches for the names; the signatures are FFmpeg's public API.
                    let $name = unsafe {
                        library.get(concat!(stringify!($name), "\0").as_bytes())
                    };
                    let $name = match $name {
                        Ok(function) => *function,
                        Err(_) => return Err(format!("it has no {}", stringify!($name))),
                    };
                )*
                Ok(Self { $($name),* })
            }
        }
    };
}

type Ptr = *mut c_void;

functions! {
    /// The functions, under the names that libavcodec and libavutil give them.
    Functions:
    avcodec_version: fn() -> u32;
    av_version_info: fn() -> *const c_char;
    av_log_set_level: fn(c_int);
    av_packet_alloc: fn() -> Ptr;
    av_packet_free: fn(*mut Ptr);
    av_frame_alloc: fn() -> Ptr;
    av_frame_free: fn(*mut Ptr);
    av_frame_unref: fn(Ptr);
    avcodec_find_decoder_by_name: fn(*const c_char) -> Ptr;
    avcodec_alloc_context3: fn(Ptr) -> Ptr;
    avcodec_free_context: fn(*mut Ptr);
    avcodec_open2: fn(Ptr, Ptr, *mut Ptr) -> c_int;
    avcodec_send_packet: fn(Ptr, Ptr) -> c_int;
    avcodec_receive_frame: fn(Ptr, Ptr) -> c_int;
    avcodec_flush_buffers: fn(Ptr);
    av_opt_set: fn(Ptr, *const c_char, *const c_char, c_int) -> c_int;
    av_get_pix_fmt_name: fn(c_int) -> *const c_char;
    av_strerror: fn(c_int, *mut c_char, usize) -> c_int;
}

functions! {
    /// Those that a device is worked with by.
    DeviceFunctions:
    av_hwdevice_find_type_by_name: fn(*const c_char) -> c_int;
    av_hwdevice_ctx_create: fn(*mut Ptr, c_int, *const c_char, Ptr, c_int) -> c_int;
    av_hwframe_transfer_data: fn(Ptr, Ptr, c_int) -> c_int;
    av_buffer_alloc: fn(usize) -> Ptr;
    av_buffer_ref: fn(Ptr) -> Ptr;
    av_buffer_unref: fn(*mut Ptr);
    av_buffer_get_ref_count: fn(Ptr) -> c_int;
    av_opt_find: fn(Ptr, *const c_char, *const c_char, c_int, c_int) -> Ptr;
}

/// `AV_LOG_QUIET`: what went wrong is in the functions' answers.
const LOG_QUIET: c_int = -8;

/// A libavcodec that was found.
pub(super) struct Library {
    pub(super) functions: Functions,
    pub(super) layout: Layout,
    version: String,
    path: PathBuf,
    major: u32,
    /// Keeps the functions where they are.
    library: libloading::Library,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Library").field(&self.path).field(&self.version).finish()
    }
}

impl Library {
    /// Loads the file that `RAZZ_LIBAVCODEC` names, else the newest that the system finds.
    pub(super) fn find() -> Result<Arc<Self>, FfmpegError> {
        let named = std::env::var_os("RAZZ_LIBAVCODEC").filter(|path| !path.is_empty());
        if let Some(path) = named {
            return Self::load(Path::new(&path)).map(Arc::new);
        }
        let mut refused = None;
        for major in MAJORS.rev() {
            match Self::load(Path::new(&format!("libavcodec.so.{major}"))) {
                Ok(library) => return Ok(Arc::new(library)),
                Err(FfmpegError::Missing) => {}
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or(FfmpegError::Missing))
    }

    #[allow(unsafe_code, reason = "loading a library")]
    fn load(path: &Path) -> Result<Self, FfmpegError> {
        let unusable = |what: String| FfmpegError::Unusable { path: path.to_owned(), what };
        // SAFETY: loading FFmpeg runs no code of it but the system's own start-up.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| {
            // A bare name that is not there is no fault; anything else is.
            let is_bare = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
            let what =
                std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
            let missing =
                what.contains("No such file") && what.starts_with(&*path.to_string_lossy());
            if is_bare && missing { FfmpegError::Missing } else { unusable(what) }
        })?;
        // SAFETY: a file of this name is libavcodec, or the user says so.
        let functions = unsafe { Functions::load(&library) }.map_err(unusable)?;
        // SAFETY: it takes nothing and answers a number.
        let number = unsafe { (functions.avcodec_version)() };
        let (major, minor, micro) = (number >> 16, number >> 8 & 255, number & 255);
        if !MAJORS.contains(&major) {
            let (first, last) = (MAJORS.start(), MAJORS.end());
            return Err(unusable(format!(
                "it is libavcodec {major}.{minor}.{micro}; razz works with {first} to {last} (FFmpeg 5.1 to 9)"
            )));
        }
        // SAFETY: it takes a number; the answer is a string that stays.
        let release = unsafe {
            (functions.av_log_set_level)(LOG_QUIET);
            CStr::from_ptr((functions.av_version_info)())
        };
        let version =
            format!("FFmpeg {} (libavcodec {major}.{minor}.{micro})", release.to_string_lossy());
        let layout = Layout::of(major);
        Ok(Self { functions, layout, version, path: path.to_owned(), major, library })
    }

    /// Its major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// The functions for devices.
    #[allow(unsafe_code, reason = "loading functions by name")]
    pub(super) fn device_functions(&self) -> Result<DeviceFunctions, String> {
        // SAFETY: as those of `load`: they are libavutil's, which libavcodec brings with it.
        unsafe { DeviceFunctions::load(&self.library) }
    }

    /// Such as `FFmpeg 5.1.9 (libavcodec 59.37.100)`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// The file, or the name by which the system found it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a negative answer means.
    #[allow(unsafe_code, reason = "a function of the library")]
    pub(super) fn error(&self, code: c_int) -> String {
        let mut text = [0u8; 128];
        // SAFETY: it writes at most so many bytes, the last of them 0.
        unsafe { (self.functions.av_strerror)(code, text.as_mut_ptr().cast(), text.len()) };
        let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
        text.to_string_lossy().into_owned()
    }

    /// The name of a pixel format, such as `yuv420p`.
    #[allow(unsafe_code, reason = "a function of the library")]
    pub(super) fn pixel_format(&self, format: c_int) -> &str {
        // SAFETY: the answer is null or a string of the library's, which stays while it is loaded.
        let name = unsafe { (self.functions.av_get_pix_fmt_name)(format) };
        if name.is_null() {
            return "none";
        }
        // SAFETY: as above.
        unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("none")
    }

    /// Whether it has a decoder of this name.
    #[allow(unsafe_code, reason = "a function of the library")]
    pub(super) fn has(&self, decoder: &str) -> bool {
        let Ok(name) = CString::new(decoder) else { return false };
        // SAFETY: a string that ends in 0.
        !unsafe { (self.functions.avcodec_find_decoder_by_name)(name.as_ptr()) }.is_null()
    }
}
