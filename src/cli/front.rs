//! From the project directory to its compiled form: what most subcommands begin with.

use super::global::Global;
use super::here;
use super::output::{Failure, Output};
use crate::ast::TargetKind;
use crate::diagnostic::render::{Renderer, Style};
use crate::diagnostic::{Diagnostic, Severity, Summary};
use crate::hir::{self, LockedTable, Program, SourceLock};
use crate::plan::picture::{KnownColumn, KnownTable};
use crate::plan::{
    Combined, Compiled, Origins, Plan, Subject, check_combinations, compile_project, compile_under, row_bytes,
};
use crate::project::{self, Location, Project};
use crate::statement;
use crate::text::FileSet;

/// Reads a project.
pub(super) fn read(location: &Location) -> Result<Project, Failure> {
    Ok(project::io::read(location).map_err(Failure::usage)?.project)
}

/// Compiles the files of a project that is asked for on the command line, and looks through its tests. A value for a
/// parameter that they do not declare is wrong usage.
pub(super) fn compile_asked(project: &Project) -> Result<Compiled, Failure> {
    let compiled = compile_project(project);
    match compiled.undeclared.first() {
        None => Ok(compiled),
        Some(Diagnostic { message, help: Some(help), .. }) => {
            Err(Failure::usage(format!("{message}; {help}")))
        }
        Some(Diagnostic { message, .. }) => Err(Failure::usage(message.as_str())),
    }
}

/// What is found under every combination of the values of parameters.
pub(super) fn compile_combinations(project: &Project) -> Combined {
    check_combinations(project, |one| compile_under(one).findings)
}

/// Draws findings about `files`, and no secret that somebody has written into them.
pub(super) fn renderer(files: &FileSet, style: Style) -> Renderer<'_> {
    Renderer::new(files, &statement::secret_places(files), style)
}

/// A project that compiles, and its plan.
pub(super) struct Planned {
    /// Its files.
    pub(super) files: FileSet,
    /// The plan.
    pub(super) plan: Plan,
    /// Where its parts are written.
    pub(super) origins: Origins,
    /// Its declarations.
    pub(super) program: Program,
}

impl Planned {
    /// The tables of a source as `schema.lock` has them; none where it says nothing about it.
    pub(super) fn known_tables(&self, source: &str) -> Vec<Subject> {
        known_tables(&self.program, source)
    }

    /// Word for the kind of a target.
    pub(super) fn target_kind(&self, name: &str) -> &'static str {
        match self.program.targets.iter().find(|target| target.name.value == name).map(|target| &target.kind)
        {
            Some(TargetKind::Stdout) => "stdout",
            Some(TargetKind::File { .. }) => "file",
            Some(TargetKind::Kafka(_)) | None => "kafka",
        }
    }

    /// The same with their columns.
    pub(super) fn known_columns(&self, source: &str) -> Vec<KnownTable> {
        let of_table = |table: &LockedTable| {
            let key = table.row_key().unwrap_or_default();
            let columns = table.columns.iter().enumerate().map(|(n, column)| KnownColumn {
                name: column.name.value.clone(),
                text: column.text.declared.clone(),
                key: key.contains(&n),
            });
            KnownTable { subject: subject(table), columns: columns.collect() }
        };
        locked_tables(&self.program, source).map(of_table).collect()
    }
}

/// The tables of a source as the lock file has them; none where it says nothing about it.
pub(super) fn known_tables(program: &Program, source: &str) -> Vec<Subject> {
    locked_tables(program, source).map(subject).collect()
}

/// What the lock file says of a source.
pub(super) fn lock<'p>(program: &'p Program, source: &str) -> Option<&'p SourceLock> {
    program.locked_sources().find(|(name, _)| *name == source).map(|(_, lock)| lock)
}

fn locked_tables<'p>(program: &'p Program, source: &str) -> impl Iterator<Item = &'p LockedTable> {
    lock(program, source).into_iter().flat_map(|lock| lock.tables.values())
}

fn subject(table: &LockedTable) -> Subject {
    let name = &table.name.value;
    let key = table.row_key().unwrap_or_default().iter();
    let key = key.map(|&at| table.columns[at].name.value.clone()).collect();
    let row_bytes = Some(row_bytes(table.columns.iter().map(|column| &column.text.ty)));
    Subject { rows: table.rows, row_bytes, key, ..Subject::table(&name.db, &name.table) }
}

/// Reads and compiles the project, for subcommands that need its plan. Where it has errors these are drawn, and there is none.
pub(super) fn planned(global: &Global, output: &mut Output) -> Result<Option<Planned>, Failure> {
    let project = read(&global.location())?;
    let compiled = compile_asked(&project)?;
    let (program, _) = hir::program(&project);
    let files = project.files;
    let Some((plan, origins)) = compiled.plan else {
        let shown = here::from_here(&files, &global.project);
        let renderer = renderer(&shown, global.style());
        for finding in compiled.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            output.print(&format!("{}\n", renderer.draw(finding)))?;
        }
        if !global.quiet {
            output.print(&format!("{}\n", Summary::of(&compiled.findings, files.len())))?;
        }
        return Ok(None);
    };
    Ok(Some(Planned { files, plan, origins, program }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::repair;
    use crate::diagnostic::{json, short};
    use crate::syntax::property_tests::mutants;

    /// Whatever is in a file, it compiles or has findings, and these can be drawn and repaired.
    #[test]
    fn any_file_is_answered() {
        for text in mutants(400) {
            let mut files = FileSet::new();
            files.add("a.sync", format!("edition 2026\n{text}"));
            let compile = |files: &FileSet| compile_project(&Project::of(files.clone()));
            let compiled = compile(&files);
            assert!(compiled.plan.is_some() || !compiled.findings.is_empty(), "{text:?}");
            let renderer = renderer(&files, Style { ascii: false, color: false, width: 80 });
            for finding in &compiled.findings {
                let drawn = renderer.draw(finding);
                assert!(drawn.starts_with(finding.code.number) && drawn.contains('\n'), "{drawn}");
            }
            repair::rounds(&files, compiled.findings, |_| true, |files| compile(files).findings);
        }
    }

    /// However a secret got into a file, no form of a finding shows it, nor does a repair offer it.
    #[test]
    fn secrets_are_in_no_output() {
        const SECRET: &str = "hunter2";
        const FILE: &str = "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
            target bus kafka \"kafka1:9092\" {\n  sasl plain \"syncc\"\n  password env BUS_PASSWORD\n}\n\n\
            pipeline shop from shop to bus {\n  include shop.*\n}\n";
        let password = "env SHOP_DB_PASSWORD";
        let mut told = Vec::new();
        for (from, to) in [
            (password, "\"hunter2\""),
            (password, "hunter2"),
            (password, "hunter2;"),
            (password, "\"hunter2"),
            (password, "“hunter2”"),
            (password, "'hunter2'"),
            (password, "\"hunter2\\q{\""),
            (password, "hunter2.hunter2"),
            (password, "/hunter2/"),
            (password, "`hunter2`"),
            (password, "[hunter2"),
            (password, "hunter2 env"),
            (password, "{ hunter2 }"),
            (password, "(hunter2)"),
            (password, "param hunter2"),
            (password, "= hunter2"),
            (password, "env X else \"hunter2\""),
            (password, "env X \"hunter2\""),
            (password, "env X, hunter2"),
            (password, "\"hunter2\"\n  password \"hunter2\""),
            ("password env", "pasword hunter2 env"),
            ("password env", "passwd \"hunter2\" env"),
            ("password env", "password: \"hunter2\" env"),
            ("  password env", "  # password \"hunter2\"\n  nonsense\n  password env"),
            ("  password env", "-- password \"hunter2\"\n  password env"),
            (
                "BUS_PASSWORD",
                "BUS_PASSWORD\n<<<<<<< a\n  password \"hunter2\"\n=======\n  password 'hunter2'\n>>>>>>> b",
            ),
            ("env BUS_PASSWORD", "\"hunter2\""),
            ("syncc@db1", "syncc:hunter2@db1"),
            ("\"syncc@db1:3306\"", "syncc:hunter2@db1:3306"),
            ("\"syncc@db1:3306\"", "\"syncc:hunter2@db1:3306"),
            ("syncc@db1", "mysql://syncc:hunter2@db1"),
            ("syncc@db1:3306", "db1?password=hunter2"),
            ("kafka1:9092", "syncc:hunter2@kafka1:9092"),
        ] {
            let mut files = FileSet::new();
            files.add("a.sync", FILE.replacen(from, to, 1));
            let findings = compile_project(&Project::of(files.clone())).findings;
            if findings.is_empty() {
                told.push(format!("{to}: no finding"));
            }
            let renderer = renderer(&files, Style { ascii: false, color: false, width: 80 });
            let mut shown: Vec<String> = findings.iter().map(|finding| renderer.draw(finding)).collect();
            shown.extend(findings.iter().map(|finding| short::line(finding, &files)));
            shown.push(json::document(&findings, &files, Summary::of(&findings, 1)));
            shown.push(json::lines(&findings, &files, Summary::of(&findings, 1)));
            shown.push(format!("{findings:?}"));
            for text in shown {
                if text.contains(SECRET) {
                    told.push(format!(
                        "{to}: {}",
                        text.lines().filter(|l| l.contains(SECRET)).collect::<String>()
                    ));
                }
            }
        }
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}
