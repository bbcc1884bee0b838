# Recipes of the house. `npx -y rust-just` lists them; `npx -y rust-just RECIPE` runs one.

set shell := ["bash", "-euo", "pipefail", "-c"]

python := "build/venv/bin/python"
# Debian has it where only the administrator's PATH leads.
nginx := "'nginx:command -v nginx || test -x /usr/sbin/nginx'"
c_sources := "bindings-c/tests/*.c bindings-c/tests/*.h bindings-c/tests/*.cpp bindings-c/include/*.hpp bindings-c/conformance/*.c bindings-c/examples/*.c"
shell_sources := ".ci/run .ci/shell bindings-c/install.sh bindings-c/conformance/build.sh bindings-c/tests/run bindings-c/tests/documented bindings-c/go/scripts/* cli/tests/init-programs examples/fleet/run fuzz/run scripts/java-home bindings-c/java/build bindings-c/java/publish bindings-c/java/conformance-driver/run bindings-c/java/stranger/test bindings-c/java/quarkus/test bindings-rust/tests/stranger bindings-uniffi/library bindings-uniffi/generate bindings-uniffi/kotlin/build bindings-uniffi/kotlin/publish bindings-uniffi/kotlin/stranger/test bindings-uniffi/kotlin/conformance-driver/run bindings-uniffi/ruby/build bindings-uniffi/ruby/run-tests bindings-uniffi/ruby/conformance-driver/run bindings-uniffi/swift/generate bench/java/run bench/uniffi/run bench/flame/run scripts/require-tools scripts/python-environment scripts/endurance scripts/test-pythons scripts/node-modules conformance/peers/build conformance/peers/java/run conformance/peers/packages/install conformance/frameworks/java/build"
python_sources := "bindings-python bindings-c/tests bindings-uniffi bindings-node/test conformance examples bench scripts/test-readme"
# Release artefacts are built once and used by the tests, the demo and the benches alike.
export CARGO_TARGET_DIR := justfile_directory() / "target"
# Progress bars and update notices only fill logs.
export npm_config_update_notifier := "false"
export npm_config_fund := "false"
export npm_config_audit := "false"
export PIP_DISABLE_PIP_VERSION_CHECK := "1"

# List the recipes
default:
    @just --list --unsorted

# Run the fleet of examples/fleet: every allowed call, every forbidden one, the attacks, a key rotation
demo *ARGS: _tools wheel addon clib
    examples/fleet/run {{ARGS}}

# Run everything that CI runs: lint, all tests, conformance, the README's examples, the demo
test: _tools lint docs _languages _together
    @echo "all of it passed"

# Most stages keep one processor busy, so those that do not need each other run side by side, in two rows.
[parallel]
_languages: _native-languages _managed-languages

_native-languages: test-rust test-c test-go test-tower fuzz

_managed-languages: test-python test-node test-java test-kotlin test-ruby

[parallel]
_together: conformance _as-users

_as-users: test-pages test-readme demo test-demo test-mutants

# Run the tests of the Rust crates
test-rust: _tools _venv
    cargo test --locked --workspace

# Run the tests of the Python package: pytest, types, stubs
test-python: _tools _install-python
    scripts/require-tools {{nginx}}
    cd bindings-python && ../{{python}} -m pytest -q
    cd bindings-python && ../{{python}} -m mypy --strict python tests && ../{{python}} -m mypy.stubtest wiresign._wiresign
    {{python}} -m twine check --strict dist/python/*.whl

# Run the tests of the Python package under each Python that is on this machine, 3.10 to 3.13, or under those that are named
test-pythons *VERSIONS: _tools wheel
    scripts/require-tools {{nginx}}
    scripts/test-pythons {{VERSIONS}}

# Run the tests of the Node.js package
test-node: _tools _venv addon
    scripts/require-tools {{nginx}}
    cd bindings-node && npm test

# Run the tests of the Node.js package on Node.js 24
test-node-24: _tools _venv addon
    scripts/require-tools {{nginx}}
    cd bindings-node && npm run test:24

# Run the tests of the C library: plain, under sanitizers, under Valgrind
test-c: _tools _install-python clib
    bindings-c/tests/run

# Test the Go package: plain, under the race detector, with garbage collected inside calls, from a stranger's module
test-go: _tools _venv clib
    bindings-c/go/scripts/test

# Test the Java modules: JUnit on real servers, every vector, and a Maven project outside the tree
test-java: _tools _venv clib
    bindings-c/java/build -q verify
    bindings-c/java/stranger/test

# Build the packaged crates for Rust services in a stranger's project, and call its server from Python
test-tower: _tools _install-python
    bindings-rust/tests/stranger

# Open the report of the judge, and the page of the bench, in a real browser: light and dark, wide and narrow, by keyboard
test-pages: _tools
    scripts/require-tools chromium
    scripts/node-modules scripts/browser
    cargo build --locked --release -p wiresign-conformance
    cd scripts/browser && npm test --silent

# Build the Quarkus project of docs/java/quarkus.md outside the tree, start it and call it
test-quarkus: _tools clib
    bindings-c/java/quarkus/test

# Test the Kotlin modules: JUnit on real servers, and a Maven project outside the tree
test-kotlin: _tools _install-python _uniffi
    WIRESIGN_PROFILE=dev bindings-uniffi/kotlin/build -q verify
    bindings-uniffi/kotlin/stranger/test build/kotlin/repository

# Test the Ruby package, the middleware in Puma too, and compare the Swift that UniFFI writes
test-ruby: _tools _uniffi
    scripts/require-tools 'ruby-minitest:ruby -r minitest -e 1' 'puma:ruby -r puma -e 1'
    bindings-uniffi/ruby/run-tests build/ruby
    WIRESIGN_PROFILE=dev bindings-uniffi/swift/generate --check

# Show that the demo goes red when the fleet is not protected
test-demo: _tools wheel addon clib
    examples/fleet/run --test

# Compare formats, generated files and conventions, without changing anything
lint: _tools _venv _node-modules _lints

[parallel]
_lints: _lint-rust _lint-others

_lint-rust:
    cargo fmt --all --check
    # The generator of UniFFI is one line of ours, and checking what it stands on takes as long as building it, where it is used.
    cargo clippy --locked --workspace --exclude wiresign-uniffi-bindgen --all-targets -- -D warnings
    cargo test --locked -q -p xtask --test house
    cargo run --locked -q -p xtask -- generate --check
    cargo run --locked -q -p xtask -- header --check
    cargo test --locked -q -p wiresign-cli --bin wiresign docs_of_schemes

_lint-others:
    {{python}} docs/site/links.py
    cd docs/site && ../../{{python}} -m unittest -q && ../../{{python}} -m mypy --strict .
    cd bench && ../{{python}} -m unittest -q test_check && ../{{python}} -m mypy --strict check.py page.py test_check.py
    {{python}} bench/page.py bench/results.json /dev/stdout | diff - bench/RESULTS.html
    {{python}} conformance/generator/lint.py
    cd conformance/generator && ../../{{python}} -m unittest -q && ../../{{python}} -m mypy .
    {{python}} conformance/canary/generate.py --check
    cd conformance/mutants && ../../{{python}} -m unittest -q && ../../{{python}} -m mypy --strict .
    {{python}} conformance/mutants/run.py --check
    cd conformance/stages && ../../{{python}} -m unittest -q && ../../{{python}} -m mypy --strict .
    {{python}} conformance/peers/differences.py --check
    {{python}} -m mypy --strict conformance/peers/python/peer.py
    # The wheel is not installed yet: the package's own stubs say what it has.
    MYPYPATH=bindings-python/python {{python}} -m mypy --strict bindings-c/tests/example_server.py bindings-c/tests/panic_everywhere.py
    {{python}} -m ruff check {{python_sources}}
    {{python}} -m ruff format --check {{python_sources}}
    build/venv/bin/clang-format --dry-run -Werror {{c_sources}}
    build/venv/bin/shellcheck --exclude SC2016,SC2054 {{shell_sources}}
    test -z "$(gofmt -l bindings-c/go bench conformance/peers conformance/frameworks | tee /dev/stderr)"
    cd bindings-node && npm run lint

# Format all sources
fmt: _tools _venv _node-modules
    cargo fmt --all
    {{python}} -m ruff format {{python_sources}}
    build/venv/bin/clang-format -i {{c_sources}}
    gofmt -w bindings-c/go bench conformance/peers conformance/frameworks
    cd bindings-node && npm run format

# Write what is made from one source: code tables, the C header, the pages of the schemes, the vectors
generate: _tools _venv
    cargo run --locked -q -p xtask -- generate
    cargo run --locked -q -p xtask -- header
    WIRESIGN_UPDATE_DOCS=1 cargo test --locked -q -p wiresign-cli --bin wiresign -- docs_of_schemes the_reference_page
    {{python}} conformance/generator/generate.py

# Build the Python wheel into dist/python
wheel: _tools _venv
    rm -rf dist/python
    {{python}} -m maturin build --release --locked -m bindings-python/Cargo.toml --out dist/python

# Build the Node.js package into dist/node
addon: _tools _node-modules
    cd bindings-node && npm run build
    rm -rf dist/node && mkdir -p dist/node
    cd bindings-node && npm pack --silent --pack-destination ../dist/node

# Build the C library, its header and its pkg-config file into dist/c
clib: _tools
    bindings-c/install.sh
    bindings-c/conformance/build.sh
    bindings-c/go/scripts/build-driver

# Build the Java modules and the driver of the conformance runner
jars: _tools clib
    bindings-c/java/build -q -DskipTests package

# Build the Kotlin modules into dist/kotlin, a Maven repository, and the driver of the conformance runner
kotlin: _tools
    bindings-uniffi/kotlin/publish dist/kotlin

# Build the Ruby package into dist/ruby
ruby: _tools
    scripts/require-tools ruby 'ruby-ffi:ruby -r ffi -e 1'
    bindings-uniffi/ruby/build

# Judge every binding by the vectors (or by other vectors: --vectors DIR), the matrix, diff and real servers: one table, one verdict
conformance *ARGS: _tools _install-python addon clib jars _uniffi
    cargo build --locked --release -p wiresign-conformance
    conformance/peers/build
    conformance/peers/packages/install
    {{python}} conformance/stages/run.py {{ARGS}}

# Ask all bindings and peers many hostile cases; another seed gives others (just diff --seed 2 --count 1000000)
diff *ARGS="--count 200000": _tools _install-python addon clib jars _uniffi
    cargo build --locked --release -p wiresign-conformance
    conformance/peers/build
    target/release/wiresign-conformance diff --require --peers --report target/conformance {{ARGS}}

# Let every client call every server over real HTTP, or some of them (just http-matrix --server Next --client "Go Transport")
[positional-arguments]
http-matrix *ARGS: _tools _install-python addon clib _uniffi
    cargo build --locked --release -p wiresign-cli
    {{python}} conformance/frameworks/matrix.py --report target/conformance "$@"

# Ask servers and frameworks what they change or refuse before Wiresign, and write docs/framework-differences.md
framework-differences: _tools _install-python addon clib _uniffi
    {{python}} conformance/frameworks/compare.py --write

# Ask other people's packages all vectors of their schemes, and write the README's table of them
packages: _tools _venv
    cargo build --locked --release -p wiresign-conformance
    conformance/peers/packages/install
    target/release/wiresign-conformance run --require --packages --report target/packages
    scripts/compare-packages target/packages/report.json bench/results.json

# Break core and adapters in many ways, and show that the tests see each (new and changed ones only; just mutants --all: every one)
mutants *ARGS: _tools _install-python addon clib jars _uniffi
    scripts/require-tools {{nginx}}
    {{python}} conformance/mutants/run.py {{ARGS}}

# Break some of what the last commit has touched, or something else, and show that the tests see it: those suites that take seconds
test-mutants: _tools _install-python addon clib _uniffi
    scripts/require-tools {{nginx}}
    {{python}} conformance/mutants/run.py --sample 2 --suite python --suite node --suite go --suite ruby

# Build the documentation into build/docs; `python3 -m http.server -d build/docs` shows it
docs: _tools _docs-venv
    {{python}} docs/site/links.py
    build/docs-venv/bin/python docs/site/build.py

# Run the README's examples, and the programs that `wiresign init` writes, as a stranger would
test-readme: _tools wheel addon jars
    {{python}} scripts/test-readme
    cargo build --locked -p wiresign-cli
    cli/tests/init-programs target/debug/wiresign dist/python/*.whl dist/node/*.tgz

# Run each fuzz target for some seconds
fuzz SECONDS="5": _tools
    fuzz/run {{SECONDS}}

# Measure beside peers, each three times, and write bench/RESULTS.md, RESULTS.html and results.json
bench *ARGS: _bench
    bench/run {{ARGS}}
    {{python}} bench/page.py bench/results.json bench/RESULTS.html

# Measure again (or a part: just bench-check --only rust), and say which ratios moved since the committed results, beyond the noise
bench-check *ARGS: _bench
    bench/run --out target/bench {{ARGS}}
    {{python}} bench/check.py {{ if ARGS == "" { "" } else { "--some" } }} bench/results.json target/bench/results.json

# Verify ten million times in each language, and show that memory stays flat (just endurance --count 100000 go)
endurance *ARGS: _tools _install-python addon jars kotlin ruby
    scripts/endurance {{ARGS}}

# Watch the hot verify in Rust, Python and Node.js with perf, and draw bench/flame/*.svg
flame SECONDS="10": _tools _venv addon
    scripts/require-tools linux-perf:perf
    bench/flame/run {{SECONDS}}

# Remove what was built
clean:
    rm -rf target dist build bindings-node/dist bindings-node/prebuilds bindings-node/node_modules examples/fleet/node_modules bench/node/node_modules

_bench: _tools _install-python addon jars kotlin ruby
    @scripts/node-modules bench/node
    @{{python}} -m pip install -q -r bench/python/requirements.txt -c bindings-python/requirements-dev.txt

# Kotlin and Ruby for the tests, with their drivers: on a library that is not optimised, since that is built in half the time
_uniffi: _tools
    @scripts/require-tools ruby 'ruby-ffi:ruby -r ffi -e 1'
    WIRESIGN_PROFILE=dev bindings-uniffi/kotlin/publish build/kotlin/repository
    WIRESIGN_PROFILE=dev bindings-uniffi/ruby/build build/ruby

_tools:
    @scripts/require-tools

_venv:
    @scripts/python-environment

_docs-venv:
    @scripts/python-environment build/docs-venv docs/site/requirements.txt

_install-python: wheel
    @{{python}} -m pip install -q --force-reinstall --no-deps --no-index dist/python/*.whl

_node-modules:
    @scripts/node-modules bindings-node
