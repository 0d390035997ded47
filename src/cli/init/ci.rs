//! Jobs that check the project.

use super::{NewFile, Place};

/// A workflow of GitHub Actions: layout and findings always, what a pull request breaks for consumers.
pub(super) fn github(place: &Place) -> NewFile {
    let project = &place.project;
    let text = format!(
        "name: syncc
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      # Put syncc on the PATH here.
      - run: syncc fmt --check -C {project}
      - if: github.event_name != 'pull_request'
        run: syncc check -C {project} --format github
      - if: github.event_name == 'pull_request'
        run: syncc check -C {project} --format github --against origin/${{{{ github.base_ref }}}}
"
    );
    NewFile { path: place.root.join(".github/workflows/syncc.yml"), text }
}

/// A job of GitLab CI, with a report that merge requests show. Beside a file that is there, one to be included.
pub(super) fn gitlab(place: &Place) -> NewFile {
    let project = &place.project;
    let text = format!(
        "syncc:
  # An image that has syncc.
  image: $SYNCC_IMAGE
  script:
    - syncc fmt --check -C {project}
    - syncc check -C {project} --format junit > syncc.xml
  artifacts:
    when: always
    reports:
      junit: syncc.xml
"
    );
    let main = place.root.join(".gitlab-ci.yml");
    if main.exists() {
        let text = format!("# In .gitlab-ci.yml: include: {{ local: syncc.gitlab-ci.yml }}\n{text}");
        return NewFile { path: place.root.join("syncc.gitlab-ci.yml"), text };
    }
    NewFile { path: main, text }
}
