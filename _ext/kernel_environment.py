"""The environment that lessons run in: this interpreter, and nothing of the user's set-up.

A kernel starts with no variables but those below and with an empty home of the build's own. So it
reads none of what programs find in the user's variables and files:

    Keras         KERAS_BACKEND, KERAS_HOME; ~/.keras/keras.json (backend, floatx, image_data_format)
    TensorFlow    TF_..., XLA_FLAGS, CUDA_VISIBLE_DEVICES, OMP_NUM_THREADS
    Python        PYTHONPATH, PYTHONSTARTUP, PYTHONWARNINGS, PYTHONHASHSEED ...; ~/.local
    Matplotlib    MPLBACKEND, MATPLOTLIBRC, MPLCONFIGDIR; ~/.config/matplotlib/matplotlibrc
    IPython       IPYTHONDIR; ~/.ipython (its profile and start-up files)
    Jupyter       JUPYTER_PATH, JUPYTER_CONFIG_DIR ...; ~/.jupyter, ~/.local/share/jupyter/kernels
    pip, joblib   PIP_..., JOBLIB_..., LOKY_...; ~/.config/pip
    terminals     FORCE_COLOR, NO_COLOR, TERM, COLUMNS, LANG, LC_..., TZ

A matplotlibrc in the lessons' folder is read all the same: it counts as a file they depend on.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "_build/.home"

# What no output depends on, and without which some Pythons do not start or reach no network.
KEPT = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
        "https_proxy", "no_proxy", "SSL_CERT_FILE", "COURSE_DATA", "MNIST_NPZ"]

# A change of these executes all lessons again.
SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "PROGRESS": "0",
    "PYTHONHASHSEED": "0",   # or a printed set has another order each time
    "PYTHONUTF8": "1",
    # lessons share the cores: the threads of TensorFlow and of NumPy's BLAS would only fight over them
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TZ": "UTC",
}


def kernel_environment():
    """Return the variables of a lesson's kernel, by name; its home exists then."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # `!python` in a cell is this interpreter too
    path = os.pathsep.join([os.path.dirname(sys.executable), kept.get("PATH", os.defpath)])
    environment = {**kept, **SETTINGS, "HOME": str(HOME), "PATH": path}
    if not any(HOME.rglob("fontlist-*.json")):
        HOME.mkdir(parents=True, exist_ok=True)   # it may hold the data already
        # once here, or Matplotlib says in a lesson's output that it lists the fonts
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=environment,
                       capture_output=True)
    return environment
