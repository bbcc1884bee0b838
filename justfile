# Recipes of the house. `npx -y rust-just` lists them; `npx -y rust-just RECIPE` runs one.

set shell := ["bash", "-euo", "pipefail", "-c"]

python := "build/venv/bin/python"
c_sources := "bindings-c/tests/*.c bindings-c/tests/*.h bindings-c/tests/*.cpp bindings-c/include/*.hpp bindings-c/conformance/*.c"
shell_sources := ".ci/run bindings-c/install.sh bindings-c/conformance/build.sh bindings-c/tests/run bindings-c/tests/documented bindings-c/go/scripts/* cli/tests/init-programs examples/fleet/run fuzz/run scripts/java-home bindings-c/java/build bindings-c/java/publish bindings-c/java/conformance-driver/run bindings-c/java/stranger/test bench/java/run scripts/require-tools scripts/python-environment scripts/test-pythons scripts/node-modules conformance/peers/build conformance/peers/java/run conformance/peers/packages/install"
python_sources := "bindings-python bindings-node/test conformance examples bench scripts/test-readme"
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
test: _tools lint test-rust test-python test-node test-c test-go test-java conformance test-readme fuzz demo test-demo
    @echo "all of it passed"

# Run the tests of the Rust crates
test-rust: _tools _venv
    cargo test --locked --workspace

# Run the tests of the Python package: pytest, types, stubs
test-python: _tools _install-python
    cd bindings-python && ../{{python}} -m pytest -q
    cd bindings-python && ../{{python}} -m mypy --strict python tests && ../{{python}} -m mypy.stubtest wiresign._wiresign
    {{python}} -m twine check --strict dist/python/*.whl

# Run the tests of the Python package under each Python that is on this machine, 3.10 to 3.13
test-pythons: _tools wheel
    scripts/test-pythons

# Run the tests of the Node.js package
test-node: _tools _venv addon
    cd bindings-node && npm test

# Run the tests of the Node.js package on Node.js 24
test-node-24: _tools _venv addon
    cd bindings-node && npm run test:24

# Run the tests of the C library: plain, under sanitizers, under Valgrind
test-c: _tools clib
    bindings-c/tests/run

# Test the Go package: plain, under the race detector, with garbage collected inside calls, from a stranger's module
test-go: _tools _venv clib
    bindings-c/go/scripts/test

# Test the Java modules: JUnit on real servers, every vector, and a Maven project outside the tree
test-java: _tools _venv clib
    bindings-c/java/build -q verify
    bindings-c/java/stranger/test

# Show that the demo goes red when the fleet is not protected
test-demo: _tools wheel addon clib
    examples/fleet/run --test

# Compare formats, generated files and conventions, without changing anything
lint: _tools _venv _node-modules
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- -D warnings
    cargo test --locked -q -p xtask --test house
    cargo run --locked -q -p xtask -- generate --check
    cargo run --locked -q -p xtask -- header --check
    cargo test --locked -q -p wiresign-cli --bin wiresign docs_of_schemes
    {{python}} conformance/generator/lint.py
    cd conformance/generator && ../../{{python}} -m unittest -q && ../../{{python}} -m mypy .
    {{python}} conformance/canary/generate.py --check
    {{python}} -m mypy --strict conformance/peers/python/peer.py
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

# Judge every binding by the vectors (or by other vectors: --vectors DIR)
conformance *ARGS: _tools _install-python addon clib jars
    cargo build --locked --release -p wiresign-conformance
    conformance/peers/build
    target/release/wiresign-conformance run --canary
    target/release/wiresign-conformance run --require --peers --report target/conformance {{ARGS}}
    conformance/peers/packages/install
    target/release/wiresign-conformance run --require --packages
    target/release/wiresign-conformance matrix --require --report target/conformance
    target/release/wiresign-conformance diff --require --peers --count 4000 --report target/conformance
    target/release/wiresign-conformance page target/conformance
    conformance/new-scheme/run
    {{python}} conformance/frameworks/compare.py --check "Flask, gunicorn" "node:http"

# Ask all bindings and peers many hostile cases; another seed gives others (just diff --seed 2 --count 1000000)
diff *ARGS="--count 200000": _tools _install-python addon clib jars
    cargo build --locked --release -p wiresign-conformance
    conformance/peers/build
    target/release/wiresign-conformance diff --require --peers --report target/conformance {{ARGS}}

# Ask servers and frameworks what they change or refuse before Wiresign, and write docs/framework-differences.md
framework-differences: _tools _install-python addon clib
    {{python}} conformance/frameworks/compare.py --write

# Break the core in many ways, and show that the vectors see each of them
mutants *ARGS: _tools _venv
    {{python}} conformance/mutants/run.py {{ARGS}}

# Run the README's examples, and the programs that `wiresign init` writes, as a stranger would
test-readme: _tools wheel addon
    {{python}} scripts/test-readme
    cargo build --locked -p wiresign-cli
    cli/tests/init-programs target/debug/wiresign dist/python/*.whl dist/node/*.tgz

# Run each fuzz target for some seconds
fuzz SECONDS="5": _tools
    fuzz/run {{SECONDS}}

# Measure beside peers, and print must, reach and measured
bench *ARGS: _tools _install-python addon jars
    scripts/node-modules bench/node
    {{python}} -m pip install -q -r bench/python/requirements.txt -c bindings-python/requirements-dev.txt
    bench/run {{ARGS}}

# Remove what was built
clean:
    rm -rf target dist build bindings-node/dist bindings-node/prebuilds bindings-node/node_modules examples/fleet/node_modules bench/node/node_modules

_tools:
    @scripts/require-tools

_venv:
    @scripts/python-environment

_install-python: wheel
    @{{python}} -m pip install -q --force-reinstall --no-deps --no-index dist/python/*.whl

_node-modules:
    @scripts/node-modules bindings-node
