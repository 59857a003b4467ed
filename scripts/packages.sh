# What this project needs beyond Swift itself; read by scripts/setup.

# To build and run: the spandsp, SQLite and OpenSSL headers, and pkg-config to find them.
run_packages="libspandsp-dev libsqlite3-dev libssl-dev pkg-config"

# To test: SIP telephones, a proxy (kamailio; its service is never started) and a load generator (sip-tester is sipp), speech and sound tools,
# networks of the tests' own (iproute2, nftables), and what the Python packages are built with.
test_packages="libsrtp2-dev sip-tester baresip-core linphone-cli kamailio sox espeak-ng openssl curl gcc python3 python3-dev python3-venv tshark mandoc iproute2 nftables"

# PyPI's, into .venv. pesq is built from source against numpy.
python_build_packages="setuptools wheel cython numpy"
python_packages="pytest pytest-xdist scipy pesq"
