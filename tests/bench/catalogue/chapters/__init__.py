"""One module for each part of the table, in its order; ``measure`` returns its rows."""

from chapters import cancel, cones, epochs, growth, histogram, match, whole

CHAPTERS = [cones, growth, histogram, match, whole, epochs, cancel]
