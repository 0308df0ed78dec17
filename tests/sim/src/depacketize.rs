//! The receiving end of RFC 6184: RTP payloads back to NAL units, refusing what the RFC forbids.
//!
//! Written from the RFC and on purpose apart from the packetiser that it tests. It stands alone, so
//! that tests and fuzz targets elsewhere can include the file.

/// The NAL units of one access unit's payloads, in order.
///
/// # Errors
/// Says which payload breaks which rule of RFC 6184 packetization-mode 1.
pub fn depacketize<'a>(
    payloads: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, String> {
    let mut nals: Vec<Vec<u8>> = Vec::new();
    let mut fragmented: Option<Vec<u8>> = None;
    for (index, payload) in payloads.into_iter().enumerate() {
        let wrong = |what: &str| format!("payload {index}: {what}");
        let header = *payload.first().ok_or_else(|| wrong("empty"))?;
        if header & 0x80 != 0 {
            return Err(wrong("forbidden_zero_bit set"));
        }
        let kind = header & 0x1F;
        if fragmented.is_some() && kind != 28 {
            return Err(wrong("a fragmented NAL unit was not finished"));
        }
        match kind {
            1..=23 => nals.push(payload.to_vec()),
            24 => aggregated(&payload[1..], header, &mut nals).map_err(wrong)?,
            28 => {
                let [indicator, header, part @ ..] = payload else {
                    return Err(wrong("FU-A without FU header"));
                };
                let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
                let original = indicator & 0x60 | header & 0x1F;
                if header & 0x20 != 0 {
                    return Err(wrong("FU header: reserved bit set"));
                }
                if start && end {
                    return Err(wrong("FU-A starts and ends a NAL unit"));
                }
                if part.is_empty() {
                    return Err(wrong("FU-A without data"));
                }
                let mut nal = match (start, fragmented.take()) {
                    (true, None) => vec![original],
                    (false, Some(nal)) => nal,
                    (true, Some(_)) => return Err(wrong("FU-A starts in the middle of another")),
                    (false, None) => return Err(wrong("FU-A goes on without a start")),
                };
                if nal[0] != original {
                    return Err(wrong("FU-A changes the NAL unit header"));
                }
                nal.extend_from_slice(part);
                if end {
                    nals.push(nal);
                } else {
                    fragmented = Some(nal);
                }
            }
            other => return Err(wrong(&format!("type {other} is not of mode 1"))),
        }
    }
    match fragmented {
        Some(_) => Err("the last NAL unit was not finished".to_owned()),
        None => Ok(nals),
    }
}

/// Takes a STAP-A apart (section 5.7.1).
fn aggregated(mut rest: &[u8], header: u8, nals: &mut Vec<Vec<u8>>) -> Result<(), &'static str> {
    let mut importance = 0;
    let mut count = 0;
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let nal = after.get(..length).ok_or("STAP-A: a size points past its end")?;
        let first = *nal.first().ok_or("STAP-A: an empty NAL unit")?;
        if first & 0x80 != 0 || !matches!(first & 0x1F, 1..=23) {
            return Err("STAP-A: a NAL unit that may not be aggregated");
        }
        importance = importance.max(first & 0x60);
        count += 1;
        nals.push(nal.to_vec());
        rest = &after[length..];
    }
    if !rest.is_empty() {
        return Err("STAP-A: a byte too many");
    }
    if count == 0 {
        return Err("STAP-A: nothing in it");
    }
    if header & 0x60 != importance {
        return Err("STAP-A: NRI is not the highest of those inside");
    }
    Ok(())
}
