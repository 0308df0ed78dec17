//! The time of the day as RTP's reports have it: seconds since 1900 in the upper 32 bits, 2^-32 of them in the
//! lower (RFC 3550 section 4).

/// From 1900 to 1970, in seconds.
const UNIX_EPOCH_S: u64 = 2_208_988_800;

/// UTC µs since 1970 as NTP time; what is before 1970 counts as 1970.
///
/// ```
/// use razz_base::ntp;
///
/// let half_past = ntp::from_unix_us(1_500_000);
/// assert_eq!((half_past >> 32, half_past as u32), (2_208_988_801, 1 << 31));
/// assert_eq!(ntp::to_unix_us(half_past), 1_500_000);
/// ```
pub fn from_unix_us(us: i64) -> u64 {
    let us = us.max(0).unsigned_abs();
    let fraction = ((us % 1_000_000) << 32) / 1_000_000;
    (us / 1_000_000 + UNIX_EPOCH_S) << 32 | fraction
}

/// NTP time as UTC µs since 1970.
pub fn to_unix_us(ntp: u64) -> i64 {
    let since_1970 = ntp.wrapping_sub(UNIX_EPOCH_S << 32);
    let seconds = (since_1970 >> 32) as i64;
    let fraction = ((since_1970 & 0xffff_ffff) * 1_000_000) >> 32;
    seconds * 1_000_000 + fraction as i64
}
