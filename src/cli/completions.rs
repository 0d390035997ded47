//! `syncc completions`: what a shell needs to complete our command line.

use super::output::{Failure, Output};
use super::{Cli, Exit, pages};
use crate::statement::{FormatName, STATEMENTS, Word};
use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use std::collections::BTreeSet;

/// Prints the completion script of a shell
///
/// The script knows every command and flag of this version, and for `explain` also codes, statements and formats; print it
/// anew after an update.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc completions bash > ~/.local/share/bash-completion/completions/syncc\n  \
    syncc completions zsh > \"${fpath[1]}/_syncc\"\n  \
    syncc completions fish > ~/.config/fish/completions/syncc.fish")]
pub(super) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Words after `explain` that say what the next one is.
const KINDS: [&str; 7] = ["table", "topic", "pipeline", "format", "statement", "statements", "row"];

/// What stands in zsh's script for the second word after `explain`.
const ZSH_NAME: &str = "'::name -- NAME:_default'";

/// Where bash's script begins to look at the word before.
const BASH_PREVIOUS: &str = "case \"${prev}\" in\n";

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    output.print(&script(args.shell))?;
    Ok(Exit::Fine)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command(), "syncc", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => with_names_in_bash(&script),
        Shell::Zsh => with_names_in_zsh(&script),
        Shell::Fish => script + &names_in_fish(),
        _ => script,
    }
}

/// The command line with the values that only a shell needs to know.
fn command() -> Command {
    let codes = PossibleValuesParser::new(KINDS.into_iter().chain(codes()).collect::<Vec<_>>());
    // Values live as long as the process, which ends with the script.
    let name = |command: &Command| -> &'static str { command.get_name().to_owned().leak() };
    let commands: Vec<&'static str> = Cli::command().get_subcommands().map(name).collect();
    Cli::command()
        .mut_subcommand("explain", |explain| {
            let explain = explain.mut_arg("code", |arg| arg.value_parser(codes));
            explain.mut_arg("name", |arg| arg.help("NAME"))
        })
        .mut_subcommand("man", |man| {
            man.mut_arg("command", |arg| arg.value_parser(PossibleValuesParser::new(commands)))
        })
}

fn codes() -> impl Iterator<Item = &'static str> {
    pages::all().into_iter().map(|page| page.code.number)
}

fn statements() -> String {
    let words: BTreeSet<&str> = STATEMENTS.iter().map(|spec| spec.word).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

fn formats() -> String {
    FormatName::ALL.iter().map(|name| name.word()).collect::<Vec<_>>().join(" ")
}

/// The generator knows values of a position, not that they depend on the word before.
fn with_names_in_bash(script: &str) -> String {
    let Some((before, of_explain)) = script.split_once("\n        syncc__subcmd__explain)\n") else {
        return script.to_owned();
    };
    let words = |list: &str| format!("COMPREPLY=( $(compgen -W \"{list}\" -- \"${{cur}}\") )");
    let mut cases = String::new();
    for (word, reply) in [
        ("statement", words(&statements())),
        ("format", words(&formats())),
        ("row", "COMPREPLY=( $(compgen -f -- \"${cur}\") )".to_owned()),
        ("table|topic|pipeline", "COMPREPLY=()".to_owned()),
    ] {
        let indent = " ".repeat(16);
        cases += &format!("{indent}{word})\n{indent}    {reply}\n{indent}    return 0\n{indent}    ;;\n");
    }
    let of_explain = of_explain.replacen(BASH_PREVIOUS, &format!("{BASH_PREVIOUS}{cases}"), 1);
    format!("{before}\n        syncc__subcmd__explain)\n{of_explain}")
}

fn with_names_in_zsh(script: &str) -> String {
    let action = format!(
        "case ${{line[1]}} in statement) compadd {};; format) compadd {};; row) _files;; esac",
        statements(),
        formats()
    );
    script.replacen(ZSH_NAME, &format!("'::name:{{ {action} }}'"), 1)
}

/// The generator of fish knows no positions at all.
fn names_in_fish() -> String {
    let kinds = KINDS.join(" ");
    let codes = codes().collect::<Vec<_>>().join(" ");
    let line = |condition: &str, values: &str| {
        format!(
            "complete -c syncc -n \"__fish_seen_subcommand_from explain; and {condition}\" -f -a \"{values}\"\n"
        )
    };
    let seen = |words: &str| format!("__fish_seen_subcommand_from {words}");
    line(&format!("not {}", seen(&kinds)), &format!("{kinds} {codes}"))
        + &line(&seen("statement"), &statements())
        + &line(&seen("format"), &formats())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the generator writes its scripts otherwise, the names would be lost without a word.
    #[test]
    fn scripts_know_what_can_be_explained() {
        let bash = script(Shell::Bash);
        let of_explain =
            bash.split("\n        syncc__subcmd__explain)\n").nth(1).expect("a part for explain");
        let of_explain = of_explain.split("\n            ;;\n").next().expect("it ends");
        assert!(of_explain.contains("opts=\"") && of_explain.contains(" S0101 "), "{of_explain}");
        assert!(of_explain.contains("statement)\n") && of_explain.contains(" on-oversize "), "{of_explain}");
        let zsh = script(Shell::Zsh);
        assert!(zsh.contains(" S0101 ") && zsh.contains("statement) compadd ") && !zsh.contains(ZSH_NAME));
        let fish = script(Shell::Fish);
        assert!(fish.contains(" S0101 ") && fish.contains("\"canal-json "), "{fish}");
    }
}
