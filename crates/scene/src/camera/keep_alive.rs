//! What keeps a session alive, and which methods a camera says that it knows.

use std::time::Duration;

use rtsp_types::Method;

use super::quirk::{Quirk, Quirks};

const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
/// What holds where `Session` names no timeout (RFC 2326 section 12.37).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Whether silence ends a session over the connection as well.
pub(crate) fn is_needed(quirks: Quirks) -> bool {
    quirks.has_any(&[
        Quirk::KeepAliveOnlyGetParameter,
        Quirk::KeepAliveOnlySetParameter,
        Quirk::KeepAliveOnlyOptions,
        Quirk::KeepAliveHidden,
    ])
}

/// Whether a request of this method may be meant to keep a session alive.
pub(crate) fn is_one(method: &Method) -> bool {
    matches!(method, Method::Options | Method::GetParameter | Method::SetParameter)
}

/// Whether an answered request of this method keeps a session alive.
pub(crate) fn keeps(quirks: Quirks, method: &Method) -> bool {
    let only_get = quirks.has_any(&[Quirk::KeepAliveOnlyGetParameter, Quirk::KeepAliveHidden]);
    let only_set = quirks.has(Quirk::KeepAliveOnlySetParameter);
    match method {
        Method::Options => !only_get && !only_set,
        Method::SetParameter => !only_get,
        _ => !only_set,
    }
}

/// How long a session lasts without a sign of life: what `Session` says, or somewhat longer.
pub(crate) fn timeout(quirks: Quirks, said: Duration) -> Duration {
    if quirks.has(Quirk::SessionIdOnly) {
        DEFAULT_TIMEOUT
    } else if quirks.has(Quirk::KeepAliveHidden) {
        said * 11 / 8
    } else {
        said
    }
}

/// Whether a request of this method is answered with 200.
pub(crate) fn is_known(quirks: Quirks, method: &Method) -> bool {
    let hidden = *method == Method::GetParameter && quirks.has(Quirk::KeepAliveHidden);
    hidden || methods(quirks).split(", ").any(|known| known == <&str>::from(method))
}

/// What `Public` names.
pub(crate) fn methods(quirks: Quirks) -> String {
    let lacks = |method: &str| match method {
        "GET_PARAMETER" => quirks.has_any(&[
            Quirk::KeepAliveOnlySetParameter,
            Quirk::KeepAliveOnlyOptions,
            Quirk::KeepAliveGetParameterCloses,
            Quirk::KeepAliveHidden,
        ]),
        "SET_PARAMETER" => quirks.has_any(&[
            Quirk::KeepAliveOnlyOptions,
            Quirk::KeepAliveGetParameterCloses,
            Quirk::KeepAliveHidden,
        ]),
        _ => false,
    };
    METHODS.split(", ").filter(|method| !lacks(method)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_a_session_alive_is_known_and_all_but_one_named_in_public() {
        // (quirk, whether OPTIONS, GET_PARAMETER, SET_PARAMETER keep a session, whether one has to)
        for (quirk, keeping, needed) in [
            (Quirk::BlankLines, [true, true, true], false),
            (Quirk::KeepAliveOnlyGetParameter, [false, true, false], true),
            (Quirk::KeepAliveOnlySetParameter, [false, false, true], true),
            (Quirk::KeepAliveOnlyOptions, [true, false, false], true),
            (Quirk::KeepAliveGetParameterCloses, [true, false, false], false),
            (Quirk::KeepAliveHidden, [false, true, false], true),
        ] {
            let quirks = Quirks::from(quirk);
            let known = methods(quirks);
            let methods = [Method::Options, Method::GetParameter, Method::SetParameter];
            for (method, keeping) in methods.into_iter().zip(keeping) {
                let named = known.split(", ").any(|name| name == <&str>::from(&method));
                let hidden = quirk == Quirk::KeepAliveHidden && method == Method::GetParameter;
                assert_eq!(is_known(quirks, &method), named || hidden, "{quirk:?} {method:?}");
                let keeps = is_known(quirks, &method) && keeps(quirks, &method);
                assert_eq!(keeps, keeping, "{quirk:?} {method:?}");
            }
            assert_eq!(is_needed(quirks), needed, "{quirk:?}");
        }
    }

    #[test]
    fn a_timeout_that_is_not_said_is_a_minute() {
        let said = Duration::from_secs(3);
        assert_eq!(timeout(Quirks::NONE, said), said);
        assert_eq!(timeout(Quirk::SessionIdOnly.into(), said), Duration::from_secs(60));
        assert_eq!(timeout(Quirk::KeepAliveHidden.into(), said), Duration::from_millis(4125));
    }
}
