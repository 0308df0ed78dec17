//! Accounts from the first admin to the last token: what is allowed, what is refused, what ends with
//! what.

use std::net::IpAddr;

use super::accounts::AccessError;
use super::grant::{Rank, Role, Scope, Who};
use super::testing::{Folder, access};
use super::*;
use razz_config::Config;

const PASSWORD: &str = "correct horse";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

fn settings() -> config::Access {
    Config::parse("", "razz.toml", std::path::Path::new("."), &|_| None).unwrap().access
}

/// Access control with the admin ann and the viewer bob, who sees camera 1.
fn filled(folder: &Folder) -> Arc<Access> {
    let access = access(folder, settings());
    for (name, role, cameras) in
        [("ann", Role::Admin, None), ("bob", Role::Viewer, Some([1].into()))]
    {
        let (name, password) = (name.to_owned(), Some(PASSWORD.to_owned()));
        access.add_user(NewUser { name, role, cameras, password }).unwrap();
    }
    access
}

/// A user to be, without a password.
fn new_user(name: &str, role: Role, cameras: Option<&[u32]>) -> NewUser {
    let cameras = cameras.map(|ids| ids.iter().copied().collect());
    NewUser { name: name.to_owned(), role, cameras, password: None }
}

/// An API token to be, which never ends.
fn new_token(role: Role, cameras: Option<&[u32]>) -> NewToken {
    let cameras = cameras.map(|ids| ids.iter().copied().collect());
    NewToken { name: "t".to_owned(), role, cameras, days: None }
}

fn by_cookie(access: &Access, cookie: &str) -> Option<Grant> {
    access.identify(&Credentials { cookie: Some(cookie.to_owned()), ..Credentials::default() })
}

fn by_token(access: &Access, token: &str) -> Option<Grant> {
    access.identify(&Credentials { bearer: Some(token.to_owned()), ..Credentials::default() })
}

#[test]
fn the_set_up_link_is_good_once_and_for_this_start() {
    let folder = Folder::new("set-up");
    let access = access(&folder, settings());
    assert!(access.needs_set_up());
    let stale = access.begin_set_up().unwrap();
    let token = access.begin_set_up().unwrap();
    for (given, name, password, made) in [
        (stale.as_str(), "ann", PASSWORD, false),
        ("", "ann", PASSWORD, false),
        // A mistake does not use it up.
        (token.as_str(), "a b", PASSWORD, false),
        (token.as_str(), "ann", "short", false),
        (token.as_str(), "ann", PASSWORD, true),
        (token.as_str(), "eve", PASSWORD, false),
    ] {
        let cookie = access.set_up(given, name, password);
        assert_eq!(cookie.is_ok(), made, "{given} {name} {password}");
        if let Ok(cookie) = cookie {
            assert_eq!(by_cookie(&access, &cookie).unwrap().rank, Rank::Admin);
        }
    }
    assert!(!access.needs_set_up() && access.begin_set_up().is_none());
}

#[test]
fn an_admin_from_elsewhere_ends_the_set_up() {
    let folder = Folder::new("set-up-race");
    let access = access(&folder, settings());
    let token = access.begin_set_up().unwrap();
    let elsewhere = filled(&folder);
    assert!(matches!(access.set_up(&token, "eve", PASSWORD), Err(AccessError::NoSetUp)));
    assert_eq!(elsewhere.users().unwrap().len(), 2);
}

#[test]
fn who_signs_in_has_the_right_name_and_password() {
    let folder = Folder::new("sign-in");
    let access = filled(&folder);
    let long = "x".repeat(5000);
    for (name, password, rank) in [
        ("ann", PASSWORD, Some(Rank::Admin)),
        ("bob", PASSWORD, Some(Rank::Viewer)),
        ("Bob", PASSWORD, None),
        ("eve", PASSWORD, None),
        ("", "", None),
        ("ann", "", None),
        ("ann", "correct horsf", None),
        (long.as_str(), PASSWORD, None),
        ("ann", long.as_str(), None),
    ] {
        let got = access.sign_in_from(HERE, name, password).ok();
        let got = got.map(|cookie| by_cookie(&access, &cookie).unwrap().rank);
        assert_eq!(got, rank, "{name:.20} {password:.20}");
    }
}

#[test]
fn guesses_are_limited_and_who_is_in_stays_in() {
    let folder = Folder::new("guesses");
    let access = filled(&folder);
    let cookie = access.sign_in_from(HERE, "ann", PASSWORD).unwrap();
    let wait =
        (0..20).find_map(|n| match access.sign_in_from(HERE, "ann", &format!("guess {n}")) {
            Err(AccessError::TooOften(wait)) => Some((n, wait)),
            _ => None,
        });
    let (tries, wait) = wait.expect("guesses end");
    assert_eq!(tries, 8);
    assert!(wait.as_secs() <= 30, "{wait:?}");
    // Not even the right one counts now, or a guess would be known by its answer.
    assert!(matches!(access.sign_in_from(HERE, "ann", PASSWORD), Err(AccessError::TooOften(_))));
    assert!(by_cookie(&access, &cookie).is_some());
}

#[test]
fn strangers_lock_nobody_out() {
    let folder = Folder::new("lock-out");
    let access = filled(&folder);
    let wrong = |from: IpAddr| {
        let refused = access.sign_in_from(from, "bob", "a guess of mine");
        assert!(matches!(refused, Err(AccessError::Wrong)), "{from}: {refused:?}");
    };
    for n in 0..40 {
        wrong([198, 51, 100, n].into());
    }
    // From an address of their own they come in, after a wait that is bounded.
    let attempt = access.attempt("bob", HERE).unwrap();
    assert!((1..=4).contains(&attempt.wait().as_secs()), "{attempt:?}");
    access.sign_in(&attempt, PASSWORD).unwrap();
    // Signed in, they may change their password, and nobody makes them wait.
    let own = access.attempt_of_own("bob").unwrap();
    assert!(own.wait().is_zero());
    access.change_password(&own, PASSWORD, "another horse").unwrap();
    // Others are not concerned.
    assert!(access.attempt("ann", HERE).unwrap().wait().is_zero());
}

#[test]
fn a_view_token_ends_with_what_its_maker_was() {
    let one = CameraId::new(1).unwrap();
    let signed_in = |access: &Access| {
        let cookie = access.sign_in_from(HERE, "bob", PASSWORD).unwrap();
        let grant = by_cookie(access, &cookie).unwrap();
        (grant, cookie)
    };
    let again = || NewUser {
        password: Some(PASSWORD.to_owned()),
        ..new_user("bob", Role::Viewer, Some(&[1]))
    };
    let edit = |password: Option<&str>, cameras: &[u32]| UserEdit {
        password: password.map(str::to_owned),
        cameras: Some(Some(cameras.iter().copied().collect())),
        ..UserEdit::default()
    };
    type Step<'a> = &'a dyn Fn(&Access, &str);
    let steps: [(&str, Step<'_>, bool); 7] = [
        ("nothing", &|_, _| {}, true),
        ("a sign-out", &|access, cookie| access.sign_out(cookie).unwrap(), false),
        ("removed", &|access, _| access.remove_user("bob").unwrap(), false),
        (
            "removed and made again",
            &|access, _| {
                access.remove_user("bob").unwrap();
                access.add_user(again()).unwrap();
            },
            false,
        ),
        (
            "another password",
            &|access, _| {
                drop(access.change_user("bob", edit(Some("another horse"), &[1])).unwrap())
            },
            false,
        ),
        (
            "their own other password",
            &|access, _| {
                let own = access.attempt_of_own("bob").unwrap();
                drop(access.change_password(&own, PASSWORD, "another horse").unwrap());
            },
            false,
        ),
        (
            "one camera more",
            &|access, _| drop(access.change_user("bob", edit(None, &[1, 2])).unwrap()),
            true,
        ),
    ];
    for (what, step, stays) in steps {
        for by_proxy in [false, true] {
            let folder = Folder::new("generations");
            let access = filled(&folder);
            let (mut grant, cookie) = signed_in(&access);
            if by_proxy {
                grant.who = Who::Proxied("bob".to_owned());
            }
            let wanted = NewViewToken { cameras: [1].into(), seconds: None };
            let (view, _) = access.view_token(&grant, wanted).unwrap();
            let watching = by_token(&access, &view).expect("it is good at first");
            step(&access, &cookie);
            // A proxy's user has no sign-in here that could end.
            let stays = stays || (by_proxy && what == "a sign-out");
            assert_eq!(by_token(&access, &view).is_some(), stays, "{what}, {by_proxy}");
            assert_eq!(access.holds(&watching, one), stays, "{what}, {by_proxy}: what has begun");
        }
    }
}

#[test]
fn a_sign_in_ends_with_the_cookie_the_password_or_the_user() {
    let folder = Folder::new("ends");
    let access = filled(&folder);
    let sign_in = || access.sign_in_from(HERE, "bob", PASSWORD).unwrap();
    let (one, two) = (sign_in(), sign_in());
    access.sign_out(&one).unwrap();
    assert!(by_cookie(&access, &one).is_none() && by_cookie(&access, &two).is_some());

    let edit = UserEdit { password: Some("another horse".to_owned()), ..UserEdit::default() };
    access.change_user("bob", edit).unwrap();
    assert!(by_cookie(&access, &two).is_none());
    assert!(access.sign_in_from(HERE, "bob", PASSWORD).is_err());

    let three = access.sign_in_from(HERE, "bob", "another horse").unwrap();
    let own = || access.attempt_of_own("bob").unwrap();
    let four = access.change_password(&own(), "another horse", PASSWORD).unwrap();
    assert!(by_cookie(&access, &three).is_none() && by_cookie(&access, &four).is_some());
    let wrong = access.change_password(&own(), "wrong horse", "another horse");
    assert!(matches!(wrong, Err(AccessError::Invalid("current", _))), "{wrong:?}");

    access.remove_user("bob").unwrap();
    assert!(by_cookie(&access, &four).is_none());
}

#[test]
fn a_browser_too_many_takes_the_place_of_the_oldest() {
    let folder = Folder::new("many");
    let access = filled(&folder);
    let cookies: Vec<String> =
        (0..33).map(|_| access.sign_in_from(HERE, "bob", PASSWORD).unwrap()).collect();
    assert!(by_cookie(&access, &cookies[0]).is_none());
    assert!(cookies[1..].iter().all(|cookie| by_cookie(&access, cookie).is_some()));
}

#[test]
fn another_role_or_other_cameras_count_at_once() {
    let folder = Folder::new("roles");
    let access = filled(&folder);
    let cookie = access.sign_in_from(HERE, "bob", PASSWORD).unwrap();
    let sees =
        |id: u32| by_cookie(&access, &cookie).unwrap().scope.sees(CameraId::new(id).unwrap());
    assert!(sees(1) && !sees(2));
    let cameras = UserEdit { cameras: Some(Some([2].into())), ..UserEdit::default() };
    access.change_user("bob", cameras).unwrap();
    assert!(!sees(1) && sees(2));
    // An admin sees all, also one who was a viewer of some.
    let admin = UserEdit { role: Some(Role::Admin), ..UserEdit::default() };
    access.change_user("bob", admin).unwrap();
    assert!(sees(1) && by_cookie(&access, &cookie).unwrap().rank == Rank::Admin);
    let viewer = UserEdit {
        role: Some(Role::Viewer),
        cameras: Some(Some([].into())),
        ..UserEdit::default()
    };
    access.change_user("bob", viewer).unwrap();
    assert!(!sees(1) && !sees(2));
}

#[test]
fn the_last_admin_stays() {
    let folder = Folder::new("last");
    let access = filled(&folder);
    let viewer = || UserEdit { role: Some(Role::Viewer), ..UserEdit::default() };
    assert!(matches!(access.remove_user("ann"), Err(AccessError::LastAdmin)));
    assert!(matches!(access.change_user("ann", viewer()), Err(AccessError::LastAdmin)));
    let admin = UserEdit { role: Some(Role::Admin), ..UserEdit::default() };
    access.change_user("bob", admin).unwrap();
    access.change_user("ann", viewer()).unwrap();
    access.remove_user("ann").unwrap();
    assert!(matches!(access.remove_user("bob"), Err(AccessError::LastAdmin)));
}

#[test]
fn what_cannot_be_is_refused_by_its_key() {
    let folder = Folder::new("invalid");
    let access = filled(&folder);
    let user = |user: NewUser| access.add_user(user).map(|_| ());
    let token = |token: NewToken| access.add_token(token).map(|_| ());
    let long = "x".repeat(65);
    for (result, key) in [
        (user(new_user("", Role::Viewer, None)), "name"),
        (user(new_user("a/b", Role::Viewer, None)), "name"),
        (user(new_user("ä", Role::Viewer, None)), "name"),
        (user(new_user(".", Role::Viewer, None)), "name"),
        (user(new_user("..", Role::Viewer, None)), "name"),
        (user(new_user("...", Role::Viewer, None)), "name"),
        (user(new_user("-x", Role::Viewer, None)), "name"),
        (user(new_user(".bob", Role::Viewer, None)), "name"),
        (user(new_user("@", Role::Viewer, None)), "name"),
        (user(new_user(&long, Role::Viewer, None)), "name"),
        (
            user(NewUser {
                password: Some("ninechars".to_owned()),
                ..new_user("c", Role::Viewer, None)
            }),
            "password",
        ),
        (user(new_user("c", Role::Viewer, Some(&[0]))), "cameras"),
        (user(new_user("c", Role::Admin, Some(&[1]))), "cameras"),
        (token(NewToken { name: " ".to_owned(), ..new_token(Role::Viewer, None) }), "name"),
        (token(NewToken { days: Some(0), ..new_token(Role::Viewer, None) }), "days"),
        (token(NewToken { days: Some(4000), ..new_token(Role::Viewer, None) }), "days"),
        (token(new_token(Role::Admin, Some(&[1]))), "cameras"),
    ] {
        match result {
            Err(AccessError::Invalid(wrong, _)) => assert_eq!(wrong, key),
            other => panic!("{key}: {other:?}"),
        }
    }
    assert_eq!(access.users().unwrap().len(), 2);
}

#[test]
fn tokens_open_what_they_say_until_they_are_removed() {
    let folder = Folder::new("tokens");
    let access = filled(&folder);
    let token = NewToken { days: Some(1), ..new_token(Role::Viewer, Some(&[1])) };
    let (made, said) = access.add_token(token).unwrap();
    let grant = by_token(&access, &said).unwrap();
    assert_eq!((grant.rank, grant.who), (Rank::Viewer, Who::Token(made.id.clone())));
    assert!(by_token(&access, &made.id).is_none() && by_token(&access, &made.digest).is_none());

    let cameras =
        |ids: &[u32]| NewViewToken { cameras: ids.iter().copied().collect(), seconds: None };
    let grant = by_token(&access, &said).unwrap();
    let (view, until) = access.view_token(&grant, cameras(&[1])).unwrap();
    assert!((until - access.now_s() - 3600).abs() <= 1);
    let embedded = by_token(&access, &view).unwrap();
    assert_eq!(embedded.rank, Rank::Embedded);
    // A view token makes no others, and none shows more than its maker sees.
    for (grant, ids) in [(&embedded, &[1][..]), (&grant, &[2]), (&grant, &[1, 2])] {
        let refused = access.view_token(grant, cameras(ids));
        assert!(matches!(refused, Err(AccessError::OutOfSight)), "{grant:?} {ids:?}");
    }
    for seconds in [0, -1, 86_401] {
        let wanted = NewViewToken { seconds: Some(seconds), ..cameras(&[1]) };
        let refused = access.view_token(&grant, wanted);
        assert!(matches!(refused, Err(AccessError::Invalid("seconds", _))), "{seconds}");
    }
    assert!(matches!(
        access.view_token(&grant, cameras(&[])),
        Err(AccessError::Invalid("cameras", _))
    ));

    access.remove_token(&made.id).unwrap();
    assert!(by_token(&access, &said).is_none() && by_token(&access, &view).is_none());
    assert!(!access.holds(&embedded, CameraId::new(1).unwrap()));
    assert!(matches!(access.remove_token(&made.id), Err(AccessError::UnknownToken(_))));
}

#[test]
fn a_camera_that_is_removed_is_in_nobodys_sight() {
    let folder = Folder::new("removed");
    let access = filled(&folder);
    let user = |user: NewUser| access.add_user(user).unwrap();
    user(new_user("eve", Role::Viewer, Some(&[1, 2])));
    user(new_user("all", Role::Viewer, None));
    let token = |token: NewToken| access.add_token(token).unwrap().1;
    let only_one = token(new_token(Role::Viewer, Some(&[1])));
    let view_of = |said: &str| {
        let grant = by_token(&access, said).unwrap();
        access.view_token(&grant, NewViewToken { cameras: [1].into(), seconds: None }).unwrap().0
    };
    let all = token(new_token(Role::Viewer, None));
    let views = [view_of(&only_one), view_of(&all)];
    assert_eq!(access.highest_camera(), 2);

    let removed = [(1, access.now_s())].into();
    assert!(access.forget_cameras(&removed, &[1].into()));
    let one = CameraId::new(1).unwrap();
    let lists = access.users().unwrap();
    let lists: Vec<_> = lists.iter().map(|user| user.cameras.clone()).collect();
    // bob, who saw camera 1 alone, sees nothing now, and not everything.
    let (none, two) = (Scope(Some([].into())), Scope(Some([2].into())));
    assert_eq!(lists, [Scope::ALL, none.clone(), two, Scope::ALL]);
    let grant = by_token(&access, &only_one).unwrap();
    assert_eq!(grant.scope, none);
    assert!(!grant.scope.sees(one) && !grant.scope.is_all() && !access.holds(&grant, one));
    for view in &views {
        assert!(by_token(&access, view).is_none());
    }
    // So it is on the disk: an empty list is none that is left out.
    let again = super::testing::access(&folder, settings());
    let bob = again.users().unwrap().into_iter().find(|user| user.name == "bob").unwrap();
    assert_eq!(bob.cameras, none);
    assert_eq!(again.highest_camera(), 2);
    assert!(
        !Access::off(Clock::start()).forget_cameras(&removed, &[1].into()),
        "there is nobody to ask"
    );
}

#[test]
fn everything_outlives_a_restart() {
    let folder = Folder::new("restart");
    let (cookie, view) = {
        let access = filled(&folder);
        let cookie = access.sign_in_from(HERE, "bob", PASSWORD).unwrap();
        let bob = by_cookie(&access, &cookie).unwrap();
        let wanted = NewViewToken { cameras: [1].into(), seconds: None };
        (cookie, access.view_token(&bob, wanted).unwrap().0)
    };
    let access = access(&folder, settings());
    assert!(by_cookie(&access, &cookie).is_some() && by_token(&access, &view).is_some());
    assert!(access.begin_set_up().is_none());
}

#[test]
fn off_means_that_nobody_is_asked() {
    let access = Access::off(Clock::start());
    assert_eq!(access.identify(&Credentials::default()), Some(Grant::ANYBODY));
    assert!(access.begin_set_up().is_none() && !access.needs_set_up());
    assert!(matches!(access.sign_in_from(HERE, "ann", PASSWORD), Err(AccessError::Off)));
    assert!(matches!(access.users(), Err(AccessError::Off)));
}
