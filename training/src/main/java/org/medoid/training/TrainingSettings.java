package org.medoid.training;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What a run was told: everything that decides its result. Stored as {@code settings.json} in the
 * run folder, so that a run can be resumed, evaluated and exported by its folder alone.
 *
 * @param data the data set, as on the command line
 * @param model the network, as on the command line
 * @param imageSize height and width of the network's input in pixels
 * @param resize height and width to which an image is scaled before the crop of imageSize
 * @param mirror whether half of the crops in training are mirrored
 * @param embeddingSize d
 * @param loss the name of the loss
 * @param gamma the margin multiplier γ at step 0
 * @param gammaDecay the factor by which γ falls every gammaDecaySteps
 * @param gammaDecaySteps steps; 0 means an epoch (training images over the batch size, rounded up)
 * @param margin the agreement measure of the margin
 * @param localSearch exact, reference or none
 * @param batch m, images per step
 * @param classesPerBatch C, distinct classes per step
 * @param learningRate of RMSProp
 * @param steps training steps in all
 * @param evalEvery steps between evaluations; 0 for only at the end
 * @param seed of the weights, the batches and the crops
 */
public record TrainingSettings(
    @JsonProperty("data") String data,
    @JsonProperty("model") String model,
    @JsonProperty("image_size") int imageSize,
    @JsonProperty("resize") int resize,
    @JsonProperty("mirror") boolean mirror,
    @JsonProperty("embedding") int embeddingSize,
    @JsonProperty("loss") String loss,
    @JsonProperty("gamma") double gamma,
    @JsonProperty("gamma_decay") double gammaDecay,
    @JsonProperty("gamma_decay_steps") long gammaDecaySteps,
    @JsonProperty("margin") String margin,
    @JsonProperty("local_search") String localSearch,
    @JsonProperty("batch") int batch,
    @JsonProperty("classes_per_batch") int classesPerBatch,
    @JsonProperty("learning_rate") double learningRate,
    @JsonProperty("steps") long steps,
    @JsonProperty("eval_every") long evalEvery,
    @JsonProperty("seed") long seed) {}
