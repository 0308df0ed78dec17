//! What a route asks of who comes, and whether they have it. Nothing here looks at a request, a
//! file or a clock.

use razz_base::CameraId;

use super::grant::{Grant, Rank, Who};

/// What a route asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A page of the app: who has no right to it is led to the sign-in.
    Page,
    /// Sight of the camera that the path names; a view token will do.
    Watch,
    /// The same, and to be the one who opened the viewer session that the path names, or an admin.
    Session,
    /// Sight of the camera that the path names, and more than a view token: its settings.
    Details,
    /// Sight of some camera. The handler finds out which one is meant, and asks again.
    Stream,
    /// More than a view token. The handler shows only the cameras in sight.
    List,
    /// An account that sees every camera.
    Overview,
    /// An account that may look into the past. The handler shows only the cameras in sight.
    Recordings,
    /// The same, and sight of the camera that the path names.
    Recording,
    /// An account: view tokens are made on its behalf.
    Issue,
    /// To be a user, not a token.
    User,
    /// An admin.
    Admin,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It goes on.
    Granted,
    /// Nobody is known to ask.
    SignIn,
    /// Who asks is known, and may not.
    Forbidden,
    /// As if the camera did not exist: who does not see it does not learn that it does.
    UnknownCamera,
    /// As if the viewer session did not exist.
    UnknownSession,
}

/// What the path names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Subject {
    /// The camera; `None` where it names none, or none that can be.
    pub camera: Option<CameraId>,
    /// Whether who asks opened the viewer session that it names.
    pub own: bool,
}

/// Whether a request may go on. `grant` is `None` while nobody is known to ask.
pub fn decide(need: Need, grant: Option<&Grant>, subject: Subject) -> Verdict {
    if need == Need::Nothing {
        return Verdict::Granted;
    }
    let Some(grant) = grant else { return Verdict::SignIn };
    let seen = subject.camera.is_some_and(|camera| grant.scope.sees(camera));
    let allowed = |yes| if yes { Verdict::Granted } else { Verdict::Forbidden };
    let visible = |yes| if yes { Verdict::Granted } else { Verdict::UnknownCamera };
    match need {
        Need::Nothing | Need::Stream => Verdict::Granted,
        // A page is of no use to the holder of a view token, but signing in would be.
        Need::Page if grant.rank < Rank::Guest => Verdict::SignIn,
        Need::Page => Verdict::Granted,
        Need::Watch => visible(seen),
        Need::Session => match (seen, subject.own || grant.rank == Rank::Admin) {
            (false, _) => Verdict::UnknownCamera,
            (true, false) => Verdict::UnknownSession,
            (true, true) => Verdict::Granted,
        },
        Need::Details if grant.rank < Rank::Guest => Verdict::Forbidden,
        Need::Details => visible(seen),
        Need::List => allowed(grant.rank >= Rank::Guest),
        Need::Overview => allowed(grant.rank >= Rank::Viewer && grant.scope.is_all()),
        Need::Recordings | Need::Issue => allowed(grant.rank >= Rank::Viewer),
        Need::Recording if grant.rank < Rank::Viewer => Verdict::Forbidden,
        Need::Recording => visible(seen),
        Need::User => allowed(grant.who == Who::Anybody || grant.who.user().is_some()),
        Need::Admin => allowed(grant.rank == Rank::Admin),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::super::grant::{Account, Scope, Voucher};
    use super::*;

    /// What becomes of a request about camera 1, by what the route needs and who asks: anybody of a
    /// server without access control, nobody, an admin, a viewer who sees all, one who sees camera 1,
    /// one who sees camera 2, an API token of a viewer who sees camera 1, a view token for camera 1,
    /// a client in an open network, and a user who sees camera 1 live alone. `+` granted, `s` sign in, `x` forbidden, `c` no such camera,
    /// `v` no such session.
    const TABLE: [(Need, &str); 13] = [
        (Need::Nothing, "++++++++++"),
        (Need::Page, "+s+++++s++"),
        (Need::Watch, "+s+++c++++"),
        (Need::Session, "+s+vvcvvvv"),
        (Need::Details, "+s+++c+x++"),
        (Need::Stream, "+s++++++++"),
        (Need::List, "+s+++++x++"),
        (Need::Overview, "+s++xxxxxx"),
        (Need::Recordings, "+s+++++xxx"),
        (Need::Recording, "+s+++c+xxx"),
        (Need::Issue, "+s+++++xxx"),
        (Need::User, "+s++++xxx+"),
        (Need::Admin, "+s+xxxxxxx"),
    ];

    fn who_asks() -> [Option<Grant>; 10] {
        let only = |id: u32| Scope(Some([id].into()));
        let user = |rank, scope| {
            Some(Grant { who: Who::SignedIn("ann".to_owned(), "digest".to_owned()), rank, scope })
        };
        let account = Account::User("ann".to_owned());
        let by = Voucher { account, generation: String::new(), sign_in: None };
        let view = Who::Embedded(by, "signature".to_owned());
        let near = Who::Neighbour(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5)));
        [
            Some(Grant::ANYBODY),
            None,
            user(Rank::Admin, Scope::ALL),
            user(Rank::Viewer, Scope::ALL),
            user(Rank::Viewer, only(1)),
            user(Rank::Viewer, only(2)),
            Some(Grant { who: Who::Token("7".to_owned()), rank: Rank::Viewer, scope: only(1) }),
            Some(Grant { who: view, rank: Rank::Embedded, scope: only(1) }),
            Some(Grant { who: near, rank: Rank::Guest, scope: Scope::ALL }),
            user(Rank::Live, only(1)),
        ]
    }

    fn letter(verdict: Verdict) -> char {
        match verdict {
            Verdict::Granted => '+',
            Verdict::SignIn => 's',
            Verdict::Forbidden => 'x',
            Verdict::UnknownCamera => 'c',
            Verdict::UnknownSession => 'v',
        }
    }

    #[test]
    fn needs_by_who_asks() {
        let subject = Subject { camera: CameraId::new(1), own: false };
        for (need, expected) in TABLE {
            let got: String = who_asks()
                .iter()
                .map(|grant| letter(decide(need, grant.as_ref(), subject)))
                .collect();
            assert_eq!(got, expected, "{need:?}");
        }
    }

    #[test]
    fn ones_own_session_may_be_ended_while_its_camera_is_in_sight() {
        let subject = Subject { camera: CameraId::new(1), own: true };
        let got: String = who_asks()
            .iter()
            .map(|grant| letter(decide(Need::Session, grant.as_ref(), subject)))
            .collect();
        assert_eq!(got, "+s+++c++++");
    }

    #[test]
    fn a_path_that_names_no_camera_shows_nobody_one() {
        for need in [Need::Watch, Need::Session, Need::Details] {
            for grant in who_asks().iter().flatten() {
                let verdict = decide(need, Some(grant), Subject::default());
                assert_ne!(verdict, Verdict::Granted, "{need:?} {grant:?}");
            }
        }
    }
}
