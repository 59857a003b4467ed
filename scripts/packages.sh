# What this project needs beyond Swift itself; read by scripts/setup.

# To build and run: the spandsp and SQLite headers, and pkg-config to find them.
run_packages="libspandsp-dev libsqlite3-dev pkg-config"

# To test: SIP telephones and a load generator (sip-tester is sipp), speech and sound tools, and what the Python packages are built with.
test_packages="sip-tester baresip-core linphone-cli sox espeak-ng openssl curl gcc python3 python3-dev python3-venv"

# PyPI's, into .venv. pesq is built from source against numpy.
python_build_packages="setuptools wheel cython numpy"
python_packages="pytest scipy pesq"
