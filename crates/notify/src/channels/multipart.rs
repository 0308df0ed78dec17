//! A form with a file in it (RFC 7578).

/// Its content type and body. `fields` are names and values, `file` is the name of the field that is a JPEG.
pub(super) fn form(fields: &[(&str, &str)], file: &str, jpeg: &[u8]) -> (String, Vec<u8>) {
    // Nobody knows it before, so that no value can hold it.
    let boundary = format!("razz-{:032x}", rand::random::<u128>());
    let mut body = Vec::with_capacity(jpeg.len() + 1024);
    for (name, value) in fields {
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend(part.into_bytes());
    }
    let part = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"picture.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    body.extend(part.into_bytes());
    body.extend(jpeg);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
