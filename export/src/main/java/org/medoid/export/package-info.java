/** Embedding models for Python: SavedModel and ONNX. */
package org.medoid.export;
