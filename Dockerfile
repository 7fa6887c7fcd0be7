# An image for clusters: docker build -t REGISTRY/manyo:TAG .
# The wheel is built in a stage of its own; the image has what the wheel needs and no compiler, and runs as a user
# without rights. tests/test_wheel.py takes the steps that install from this file.

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
# KubeRay's probes call wget.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends wget=1.21.* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --create-home manyo
WORKDIR /opt/manyo
COPY requirements.lock .
COPY --from=wheel /wheels /wheels
RUN python -m venv /opt/manyo/.venv \
 && /opt/manyo/.venv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
    --constraint requirements.lock "$(echo /wheels/manyo-*.whl)[s3]" \
 && rm -rf /wheels
# KubeRay starts Ray in a login shell, which has a PATH of its own.
RUN ln -s /opt/manyo/.venv/bin/manyo /opt/manyo/.venv/bin/ray /usr/local/bin/
COPY configs configs
USER 1000
# Compiled kernels are kept below the user's home: a volume at /home/manyo/.cache saves a minute a pod.
CMD ["manyo", "--help"]
