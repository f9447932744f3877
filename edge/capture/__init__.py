"""From a source to segments: opens, reads, encodes and cuts what cameras and sensors send."""
