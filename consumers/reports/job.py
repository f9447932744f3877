"""The process that makes one report: it reads its order from standard input, and leaves the page and a result."""

from consumers.reports.report import report
from consumers.upkeep.exports.job import main as make_export
from consumers.upkeep.exports.order import CannotExport, ExportOrder, ExportResult


def run(order: ExportOrder) -> ExportResult:
    try:
        return report(order)
    except CannotExport as error:
        return ExportResult(failure=str(error))


def main() -> None:
    make_export(run)
