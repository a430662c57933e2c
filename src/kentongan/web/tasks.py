"""Long work of the web app: the simulated party of national size, which a worker finishes if its loader dies."""

from kentongan.core import jobs
from kentongan.web.demo import national

jobs.handler(national.KIND, resumable=True)(national.load)
