//! A graphics card that decodes by VAAPI: pictures come out in its memory and are copied into ours.
//!
//! The device is given to a decoder in the field `hw_device_ctx` of its context, for which there is no
//! option and no function. Where it lies is known for each major version, and not taken on trust: it has to
//! be where the option after it says, and a context that is freed has to let go of what was put there.

use std::ffi::{CStr, CString, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;

use super::library::{DeviceFunctions, Library, field, set_field};

/// The device that is taken where none is named.
pub(in crate::decode) const USUAL: &str = "/dev/dri/renderD128";

/// `AVOption.offset`, behind two pointers.
const OPTION_OFFSET: usize = 16;

/// Where `hw_device_ctx` lies in `AVCodecContext`, by libavcodec's major version: found by trying every
/// place of the libraries of FFmpeg 5.1, 6.1, 7.1, 8.1 and 9.0 for x86-64.
fn place_of(major: u32) -> usize {
    match major {
        ..=59 => 872,
        60 => 864,
        61.. => 560,
    }
}

/// A device that was opened.
pub(super) struct Device {
    library: Arc<Library>,
    functions: DeviceFunctions,
    place: usize,
    /// An `AVBufferRef`.
    reference: *mut c_void,
    path: PathBuf,
}

// SAFETY: references to a buffer are counted atomically (libavutil/buffer.h), and the device context
// behind it may be used by several threads (libavutil/hwcontext.h); the pointer itself is never changed.
#[allow(unsafe_code, reason = "a reference to a buffer of libavutil may be shared")]
unsafe impl Send for Device {}
// SAFETY: as above.
#[allow(unsafe_code, reason = "a reference to a buffer of libavutil may be shared")]
unsafe impl Sync for Device {}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Device").field(&self.path).finish()
    }
}

impl Device {
    /// Opens the device of this path.
    #[allow(unsafe_code, reason = "functions of the library")]
    pub(super) fn open(library: &Arc<Library>, path: &Path) -> Result<Self, String> {
        let functions = library.device_functions()?;
        let place = check_place(library, &functions, place_of(library.major()))?;
        let name = CString::new(path.to_string_lossy().as_bytes())
            .map_err(|_| "a name with a zero in it".to_owned())?;
        // SAFETY: a string that ends in 0.
        let kind = unsafe { (functions.av_hwdevice_find_type_by_name)(c"vaapi".as_ptr()) };
        if kind == 0 {
            return Err(format!("{} was built without VAAPI", library.version()));
        }
        let mut reference = ptr::null_mut();
        // SAFETY: it writes a new reference, or null; there are no options.
        let code = unsafe {
            (functions.av_hwdevice_ctx_create)(
                &mut reference,
                kind,
                name.as_ptr(),
                ptr::null_mut(),
                0,
            )
        };
        if code < 0 || reference.is_null() {
            return Err(format!("{} does not open: {}", path.display(), library.error(code)));
        }
        let library = Arc::clone(library);
        Ok(Self { library, functions, place, reference, path: path.to_owned() })
    }

    /// Gives it to a context that is not open yet.
    #[allow(unsafe_code, reason = "a function and a field of the library")]
    pub(super) fn give_to(&self, context: *mut c_void) -> Result<(), String> {
        // SAFETY: a reference that lives as long as we do. What is made of it is the context's, which lets
        // go of it when it is freed; the place was checked.
        unsafe {
            let reference = (self.functions.av_buffer_ref)(self.reference);
            if reference.is_null() {
                return Err("no memory".to_owned());
            }
            set_field(context, self.place, reference);
        }
        Ok(())
    }

    /// Copies a picture out of its memory into `frame`, which is empty.
    #[allow(unsafe_code, reason = "a function of the library")]
    pub(super) fn fetch(&self, frame: *mut c_void, picture: *mut c_void) -> Result<(), String> {
        // SAFETY: two frames of ours; an empty one is given the format and the memory that it needs.
        let code = unsafe { (self.functions.av_hwframe_transfer_data)(frame, picture, 0) };
        if code < 0 {
            return Err(format!("the picture stays in the device: {}", self.library.error(code)));
        }
        Ok(())
    }

    /// Whether pictures of this format are in a device's memory.
    pub(super) fn holds(format: &str) -> bool {
        format == "vaapi"
    }
}

impl Drop for Device {
    #[allow(unsafe_code, reason = "a function of the library")]
    fn drop(&mut self) {
        // SAFETY: a reference of ours, which is set to null.
        unsafe { (self.functions.av_buffer_unref)(&mut self.reference) };
    }
}

/// Answers `place` if a context has its device there.
#[allow(unsafe_code, reason = "functions and fields of the library")]
fn check_place(
    library: &Library,
    functions: &DeviceFunctions,
    place: usize,
) -> Result<usize, String> {
    let all = library.functions;
    let elsewhere = |what: &str| {
        Err(format!(
            "{}: the device has another place in its structures ({what})",
            library.version()
        ))
    };
    // SAFETY: strings that end in 0; the context is freed below in any case. An option begins with two
    // pointers and a number.
    unsafe {
        let codec = (all.avcodec_find_decoder_by_name)(c"h264".as_ptr());
        let mut context = (all.avcodec_alloc_context3)(codec);
        if context.is_null() {
            return Err("no memory".to_owned());
        }
        // In every version `int hwaccel_flags` follows the device.
        let name: &CStr = c"hwaccel_flags";
        let option = (functions.av_opt_find)(context, name.as_ptr(), ptr::null(), 0, 0);
        let behind = match option.is_null() {
            true => -1,
            false => field::<c_int>(option, OPTION_OFFSET),
        };
        let is_empty = usize::try_from(behind) == Ok(place + size_of::<*mut c_void>())
            && field::<*mut c_void>(context, place).is_null();
        if !is_empty {
            (all.avcodec_free_context)(&mut context);
            return elsewhere(&format!("the option behind it is at {behind}"));
        }
        let mut ours = (functions.av_buffer_alloc)(16);
        let theirs = if ours.is_null() { ptr::null_mut() } else { (functions.av_buffer_ref)(ours) };
        if theirs.is_null() {
            (functions.av_buffer_unref)(&mut ours);
            (all.avcodec_free_context)(&mut context);
            return Err("no memory".to_owned());
        }
        set_field(context, place, theirs);
        let before = (functions.av_buffer_get_ref_count)(ours);
        (all.avcodec_free_context)(&mut context);
        let after = (functions.av_buffer_get_ref_count)(ours);
        (functions.av_buffer_unref)(&mut ours);
        match (before, after) {
            (2, 1) => Ok(place),
            _ => elsewhere(&format!("{before} references before, {after} after")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
    fn the_place_of_the_device_is_where_it_is_looked_for() {
        let library = Library::find().unwrap();
        let functions = library.device_functions().unwrap();
        let place = place_of(library.major());
        assert_eq!(check_place(&library, &functions, place), Ok(place), "{}", library.version());
        // The option says so before anything is written to a wrong place.
        for wrong in [place - 8, place + 8, 0] {
            let refused = check_place(&library, &functions, wrong).unwrap_err();
            assert!(refused.contains("another place"), "{refused}");
        }
    }

    #[test]
    #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
    fn a_device_that_is_not_there_is_an_error_with_its_name() {
        let library = Library::find().unwrap();
        for path in ["/dev/dri/renderD7", "/dev/null"] {
            let error = Device::open(&library, Path::new(path)).unwrap_err();
            assert!(error.contains(path) || error.contains("without VAAPI"), "{error}");
        }
    }
}
