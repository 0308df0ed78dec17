//! `razz completions` and `razz man`: what a package installs beside the binary, from the command
//! line's own declarations.

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, print};

/// What the shell's completion sources, on stdout.
pub(crate) fn completions(shell: Shell) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "razz", &mut text);
    print(&String::from_utf8_lossy(&text));
    ExitCode::SUCCESS
}

/// The manual page razz(1), every command in it, on stdout.
pub(crate) fn man() -> ExitCode {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = write_man(&mut text);
    print(&String::from_utf8_lossy(&text));
    ExitCode::SUCCESS
}

fn write_man(out: &mut impl Write) -> std::io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    write_commands(&command, out)?;
    out.write_all(
        b".SH FILES\n.TP\n\\fIrazz.toml\\fR\nThe settings; \\fBrazz check \\-\\-schema\\fR describes every \
          key.\n.SH EXIT STATUS\n0 fine, 1 failed while running, 2 wrong usage or config.\n",
    )
}

/// A section for each command, with its options.
fn write_commands(command: &clap::Command, out: &mut impl Write) -> std::io::Result<()> {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = sub.get_bin_name().unwrap_or_else(|| sub.get_name()).to_uppercase();
        writeln!(out, ".SH \"{name}\"")?;
        let page = clap_mangen::Man::new(sub.clone());
        let mut text = Vec::new();
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
        // The headings of a page of its own would break the section.
        let text = String::from_utf8_lossy(&text).into_owned();
        for line in text.lines().filter(|line| !line.starts_with(".SH ")) {
            writeln!(out, "{line}")?;
        }
        write_commands(sub, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_manual_and_completed() {
        let mut page = Vec::new();
        write_man(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "razz", &mut script);
            let script = String::from_utf8(script).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
        for command in Cli::command().get_subcommands() {
            let heading = format!(".SH \"RAZZ {}\"", command.get_name().to_uppercase());
            assert!(page.contains(&heading), "{heading}\n{page}");
        }
        assert!(page.contains("allow\\-network"), "options of commands are in it");
    }
}
