"""Beyond these somebody has to be called: whoever sequences says so in its log, and the door to whoever asks."""

from tallystick.kernel.instants import SECOND

LAG_MAX_US = 10 * SECOND
SKEW_MAX_US = SECOND // 2
