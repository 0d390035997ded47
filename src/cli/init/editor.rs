//! Hints for editors: the layout of files, and a task whose findings VS Code lists.

use super::{NewFile, Place};

/// The files, at the root of the repository, where editors look for them.
pub(super) fn files(place: &Place) -> Vec<NewFile> {
    let layout = "[*.sync]
charset = utf-8
end_of_line = lf
indent_style = space
indent_size = 2
insert_final_newline = true
trim_trailing_whitespace = true
";
    let project = &place.project;
    let task = serde_json::json!({
        "version": "2.0.0",
        "tasks": [{
            "label": "syncc check",
            "type": "shell",
            "command": "syncc",
            "args": ["check", "-C", project, "--format", "short"],
            "group": "build",
            "problemMatcher": {
                "owner": "syncc",
                "fileLocation": ["autoDetect", "${workspaceFolder}"],
                "pattern": {
                    "regexp": "^(.+?):(\\d+):(\\d+): (error|warning|advice)\\[(\\w+)\\]: (.*)$",
                    "file": 1, "line": 2, "column": 3, "severity": 4, "code": 5, "message": 6,
                },
            },
        }],
    });
    let task = serde_json::to_string_pretty(&task).expect("strings and numbers are always JSON");
    vec![
        NewFile { path: place.root.join(".editorconfig"), text: layout.to_owned() },
        NewFile { path: place.root.join(".vscode/tasks.json"), text: task + "\n" },
    ]
}
