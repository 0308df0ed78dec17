//! `razz users`: who may sign in, from the command line: to script it, or to get back in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Failure, end, print};
use razz_access::grant::Role;
use razz_access::password::Cost;
use razz_access::{AccessError, NewUser, Store, User, UserEdit, checked_user, make_password};
use razz_config::Config;

/// Options of `razz users`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Options {
    /// The config file, beside which the users are kept
    #[arg(long, value_name = "FILE", default_value = "razz.toml", global = true)]
    config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What to do with them.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
enum What {
    /// Add a user; the password is asked for, or read as a line from standard input
    Add {
        /// How they sign in
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleName,
        /// The cameras that a viewer sees, such as 1,4; all when left out
        #[arg(long, value_delimiter = ',', value_name = "IDS")]
        cameras: Option<Vec<u32>>,
        /// They come through a trusted proxy only (`access.user_header`)
        #[arg(long)]
        no_password: bool,
    },
    /// List the users
    List,
    /// Give a user another password, which signs them out everywhere
    Passwd {
        /// Their name
        name: String,
    },
    /// Remove a user
    Remove {
        /// Their name
        name: String,
    },
}

/// A role, as the command line calls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum RoleName {
    /// Everything
    Admin,
    /// Watch, and look into the past
    Viewer,
    /// Watch, without recordings
    Live,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Viewer => Self::Viewer,
            RoleName::Live => Self::Live,
        }
    }
}

/// Does it. A running server notices within seconds.
pub(crate) fn run(options: &Options) -> ExitCode {
    end("users", carry_out(options, &read_password, Cost::USUAL))
}

fn carry_out(
    options: &Options,
    ask: &dyn Fn() -> io::Result<String>,
    cost: Cost,
) -> Result<(), Failure> {
    let refused = |error: &dyn ToString| Failure::Refused(error.to_string());
    let config = Config::load(&options.config).map_err(|error| refused(&error))?;
    let path = config.access.users_file(&options.config);
    let store = Store::open(&path).map_err(|error| refused(&error))?;
    let password = || -> Result<String, Failure> {
        let word = ask().map_err(|error| Failure::Failed(format!("no password: {error}")))?;
        make_password(&word, cost).map_err(|error| refused(&error))
    };
    let done = |result: Result<String, AccessError>| match result {
        Ok(said) => {
            print(&said);
            Ok(())
        }
        Err(error @ AccessError::Store(_)) => Err(Failure::Failed(error.to_string())),
        Err(error) => Err(refused(&error)),
    };
    match &options.what {
        What::Add { name, role, cameras, no_password } => {
            let cameras: Option<BTreeSet<u32>> =
                cameras.as_ref().map(|ids| ids.iter().copied().collect());
            let user =
                NewUser { name: name.clone(), role: (*role).into(), cameras, password: None };
            // What is wrong with the rest is said before a password is asked for.
            let mut user = checked_user(user, None).map_err(|error| refused(&error))?;
            if !no_password {
                user = user.with_password(password()?);
            }
            done(store.add_user(user).map(|user| format!("{} is added", line(&user))))
        }
        What::List => {
            let users = store.users();
            let mut text = format!("{} users in {}", users.len(), path.display());
            for user in &users {
                let _ = write!(text, "\n{}", line(user));
            }
            done(Ok(text))
        }
        What::Passwd { name } => {
            if !store.users().iter().any(|user| user.name == *name) {
                return Err(refused(&AccessError::UnknownUser(name.clone())));
            }
            let kept = password()?;
            let changed = store.change_user(name, UserEdit::default(), Some(kept));
            done(changed.map(|_| format!("{name} has another password, and is signed out")))
        }
        What::Remove { name } => {
            done(store.remove_user(name).map(|()| format!("{name} is removed")))
        }
    }
}

/// A user in a line.
fn line(user: &User) -> String {
    let role = match user.role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
        Role::Live => "live",
    };
    let cameras = match &user.cameras.0 {
        None => "all cameras".to_owned(),
        Some(ids) => {
            let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
            format!("cameras {}", ids.join(", "))
        }
    };
    let way = if user.has_password() { "" } else { ", by a proxy only" };
    format!("{} ({role}, {cameras}{way})", user.name)
}

/// From the terminal without showing it, or a line of standard input.
fn read_password() -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ");
    }
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::Error::other("standard input has none; write it there as a line"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use razz_access::testing::Folder;

    #[test]
    fn users_come_and_go() {
        let folder = Folder::new("cli-users");
        let config = folder.path("razz.toml");
        std::fs::write(&config, "").unwrap();
        let run = |what: What| {
            let options = Options { config: config.clone(), what };
            carry_out(&options, &|| Ok("correct horse".to_owned()), Cost::LEAST)
        };
        let add = |name: &str, role, cameras| What::Add {
            name: name.to_owned(),
            role,
            cameras,
            no_password: false,
        };
        let name = |name: &str| name.to_owned();
        for (what, refused) in [
            (add("ann", RoleName::Admin, None), None),
            (add("bob", RoleName::Viewer, Some(vec![1, 4])), None),
            (add("bob", RoleName::Viewer, None), Some("there is a user \"bob\" already")),
            (add("b b", RoleName::Viewer, None), Some("`name` expects 1 to 64 letters")),
            (add("eve", RoleName::Admin, Some(vec![1])), Some("`cameras` is for viewers")),
            (What::List, None),
            (What::Passwd { name: name("bob") }, None),
            (What::Passwd { name: name("eve") }, Some("there is no user \"eve\"")),
            (What::Remove { name: name("ann") }, Some("this is the last admin")),
            (What::Remove { name: name("bob") }, None),
            (What::Remove { name: name("bob") }, Some("there is no user \"bob\"")),
        ] {
            let said = run(what.clone()).err();
            match (&said, refused) {
                (None, None) => {}
                (Some(Failure::Refused(said)), Some(start)) if said.starts_with(start) => {}
                _ => panic!("{what:?}: {said:?}"),
            }
        }
        let store = Store::open(&folder.path("razz.users.json")).unwrap();
        let lines: Vec<String> = store.users().iter().map(line).collect();
        assert_eq!(lines, ["ann (admin, all cameras)"]);
    }

    #[test]
    fn a_short_password_is_refused() {
        let folder = Folder::new("cli-short");
        let config = folder.path("razz.toml");
        std::fs::write(&config, "").unwrap();
        let what = What::Add {
            name: "ann".to_owned(),
            role: RoleName::Admin,
            cameras: None,
            no_password: false,
        };
        let refused = carry_out(&Options { config, what }, &|| Ok("short".to_owned()), Cost::LEAST);
        let said = refused.unwrap_err().to_string();
        assert!(said.starts_with("`password` expects 10 characters"), "{said}");
        assert!(!folder.path("razz.users.json").exists());
    }
}
