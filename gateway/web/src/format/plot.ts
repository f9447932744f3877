// uPlot with its style sheet, loaded only by views that draw.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export { uPlot };
