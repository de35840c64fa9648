# SPDX-License-Identifier: ISC
"""The parts of bench/run: processes, measuring, results, scenarios."""
